import { randomUUID } from 'node:crypto'
import { readlinkSync, writeFileSync } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, DragomanError } from '@dragoman/core'
import { errorName } from './private-mode.ts'

export type Unlock = () => Promise<void>

/** What a lock file holds. */
interface Holder {
  readonly owner: string
  readonly pid: number
  /** Where that pid means something. */
  readonly machine: string
  readonly ttlMs: number
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** For what is done within milliseconds: changing a file, taking over a lock. */
const shortMs = 30_000
const longestWaitMs = 60_000
/** A file that says nothing is being written, which takes no time, or was left like that. */
const halfWrittenMs = 2_000

/** Exclusive locks between processes: a file that exists is a lock that is held. */
export class FileLocks {
  readonly #clock: Clock
  /**
   * By path, whose lock was seen, and when it ends by the clock that does not jump: after the first sight of a lock
   * nobody can shorten or lengthen it by setting the time.
   */
  readonly #seen = new Map<string, { readonly owner: string; readonly endsAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined while somebody else holds it. What is older than its time, or whose process is gone, is taken over. */
  async take(path: string, ttlMs: number): Promise<Unlock | undefined> {
    const taken = await this.#create(path, ttlMs)
    if (taken) return taken
    const state = await this.#stateOf(path)
    if (state === 'held') return undefined
    if (state === 'free') return this.#create(path, ttlMs)
    // Two that saw the same stale lock: the slower one would remove the lock of the faster one. So removing takes a lock
    // of its own, under which one looks again.
    const removing = await this.take(`${path}+`, shortMs)
    if (!removing) return undefined
    try {
      if ((await this.#stateOf(path)) === 'stale') await rm(path, { force: true })
      return await this.#create(path, ttlMs)
    } finally {
      await removing()
    }
  }

  /** Runs `action` alone among all processes. Waits for its turn, for a minute at most. */
  async during<T>(path: string, action: () => Promise<T>): Promise<T> {
    const unlock = await this.#wait(path)
    try {
      return await action()
    } finally {
      await unlock()
    }
  }

  async #wait(path: string): Promise<Unlock> {
    // By the machine's clock: what is waited for is another process and its disk. And by a timer that keeps this
    // process alive, because what it wants to write would be lost.
    const until = performance.now() + longestWaitMs
    for (;;) {
      const unlock = await this.take(path, shortMs)
      if (unlock) return unlock
      if (performance.now() > until) {
        const holder = await readHolder(path)
        const who = holder?.pid ? `process ${holder.pid} on ${holder.machine}` : 'somebody'
        throw new DragomanError('internal', `${path} has been held by ${who} for ${longestWaitMs / 1000} s`)
      }
      await sleep(5 + Math.random() * 15)
    }
  }

  async #create(path: string, ttlMs: number): Promise<Unlock | undefined> {
    const owner = randomUUID()
    const holder = { owner, pid: process.pid, machine, ttlMs, expiresAt: this.#clock.now() + ttlMs }
    try {
      // In one go: who dies between making and filling it leaves a lock that names nobody.
      writeFileSync(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
    } catch (error) {
      if (errorName(error) === 'EEXIST') return undefined
      throw error
    }
    this.#seen.delete(path)
    const endsAt = this.#clock.elapsed() + ttlMs
    return () => this.#release(path, owner, endsAt)
  }

  async #release(path: string, owner: string, endsAt: number): Promise<void> {
    if (this.#clock.elapsed() < endsAt) return removeOwn(path, owner)
    // Somebody may be about to take it over: between looking and removing it could become theirs.
    const removing = await this.take(`${path}+`, shortMs)
    if (!removing) return
    try {
      await removeOwn(path, owner)
    } finally {
      await removing()
    }
  }

  async #stateOf(path: string): Promise<'free' | 'held' | 'stale'> {
    const holder = await readHolder(path)
    if (!holder) {
      this.#seen.delete(path)
      return 'free'
    }
    if (isGone(holder)) return 'stale'
    const elapsed = this.#clock.elapsed()
    let seen = this.#seen.get(path)
    if (seen?.owner !== holder.owner) {
      const ttl = holder.ttlMs ?? halfWrittenMs
      const leftMs = holder.expiresAt === undefined ? ttl : holder.expiresAt - this.#clock.now()
      // More than its whole time is left where the clock was set back.
      seen = { owner: holder.owner, endsAt: elapsed + Math.min(Math.max(leftMs, 0), ttl) }
      this.#seen.set(path, seen)
    }
    return elapsed >= seen.endsAt ? 'stale' : 'held'
  }
}

interface FoundHolder extends Partial<Holder> {
  readonly owner: string
  /** Unix milliseconds of the machine. */
  readonly takenAt: number
}

async function readHolder(path: string): Promise<FoundHolder | undefined> {
  try {
    const [text, stats] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    // Just created, or left by somebody who died in between.
    const unknown = { owner: `${stats.ino} ${stats.mtimeMs}`, takenAt: stats.mtimeMs }
    return { ...unknown, ...parsed(text) }
  } catch (error) {
    if (errorName(error) === 'ENOENT') return undefined
    throw error
  }
}

function parsed(text: string): Partial<Holder> {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return {} // half-written: its age decides
  }
}

async function removeOwn(path: string, owner: string): Promise<void> {
  if ((await readHolder(path))?.owner === owner) await rm(path, { force: true })
}

/** Its process has ended: nobody will give the lock back. False where that cannot be known. */
function isGone(holder: FoundHolder): boolean {
  if (holder.pid === undefined || holder.machine !== machine) return false
  // In containers every process may be number 1: it is another one than ours if it took the lock before ours began.
  if (holder.pid === process.pid) return holder.takenAt < Date.now() - process.uptime() * 1000
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return errorName(error) === 'ESRCH'
  }
}

const machine = `${hostname()}${processNamespace()}`

/** Containers may share the name of their host; their processes are counted apart. */
function processNamespace(): string {
  try {
    return ` ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return '' // not Linux
  }
}
