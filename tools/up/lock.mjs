// @ts-check
// One at a time: two first runs in one tree would install into the same folders.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from './failure.mjs'

// A holder touches its lock this often, so that one whose process id now belongs to a stranger is known as dead.
const TOUCH_MS = 5_000
const DEAD_MS = 60_000

/**
 * Does the work while holding the lock, a folder with the holder's process id in it. Waits for a living holder; the
 * lock of a dead one is taken over.
 *
 * @template T
 * @param {string} dir
 * @param {() => Promise<T>} work
 * @param {{ say?: (line: string) => void, pollMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(dir, work, { say = () => {}, pollMs = 200 } = {}) {
  let waiting = false
  while (!take(dir)) {
    const holder = holderOf(dir)
    if (holder && !isAlive(holder)) removeLockOf(dir, holder.pid)
    else {
      if (holder && !waiting) say(`Another run (process ${holder.pid}) is installing here: waiting for it.`)
      waiting ||= holder !== undefined
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
  const touch = setInterval(() => isOurs(dir) && utimesSync(join(dir, 'pid'), new Date(), new Date()), TOUCH_MS)
  try {
    return await work()
  } finally {
    clearInterval(touch)
    if (isOurs(dir)) rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * The folder is made under another name and renamed, so it is never seen without its process id. A folder cannot be
 * renamed to one that has something in it.
 *
 * @param {string} dir
 */
function take(dir) {
  const mine = `${dir}.${process.pid}`
  try {
    mkdirSync(mine, { recursive: true })
    writeFileSync(join(mine, 'pid'), String(process.pid))
  } catch (error) {
    throw new Failure(`Nothing can be installed in ${dirname(dir)}: it cannot be written to (${codeOf(error)}).`)
  }
  try {
    renameSync(mine, dir)
    return true
  } catch (error) {
    rmSync(mine, { recursive: true, force: true })
    // The words of the different systems for a name that is taken.
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(codeOf(error))) return false
    throw error
  }
}

/**
 * @param {string} dir
 * @returns {{ pid: number, touchedAt: number } | undefined} undefined when the lock was let go meanwhile
 */
function holderOf(dir) {
  try {
    const file = join(dir, 'pid')
    return { pid: Number(readFileSync(file, 'utf8')), touchedAt: statSync(file).mtimeMs }
  } catch {
    return undefined // gone between two looks
  }
}

/** @param {string} dir */
const isOurs = (dir) => holderOf(dir)?.pid === process.pid

/** @param {{ pid: number, touchedAt: number }} holder */
function isAlive({ pid, touchedAt }) {
  if (!Number.isInteger(pid) || pid <= 0 || Date.now() - touchedAt > DEAD_MS) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM' // alive, and somebody else's
  }
}

/**
 * Two that wait may find the same dead holder: what was moved away is looked at again, and put back when it is the
 * lock that the quicker one has taken since.
 *
 * @param {string} dir
 * @param {number} pid
 */
function removeLockOf(dir, pid) {
  const away = `${dir}.${process.pid}`
  try {
    renameSync(dir, away)
    if (holderOf(away)?.pid !== pid) renameSync(away, dir)
  } catch {
    // Somebody else was quicker; the next look tells what holds now.
  }
  rmSync(away, { recursive: true, force: true })
}

/** @param {unknown} error */
const codeOf = (error) => String(/** @type {NodeJS.ErrnoException} */ (error).code)
