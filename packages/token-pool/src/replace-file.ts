import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/**
 * Replaces a file, or makes it with mode 0600: at any moment, and after a loss of power, the whole old or the whole new
 * one is there. Resolved when it is on the disk.
 */
export async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  // In the same folder, because only within a file system a rename is one step.
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Whether `name` is what a crash in the middle of `replaceFile(path)` leaves behind. */
export function isLeftOver(name: string, path: string): boolean {
  const prefix = `${basename(path)}.`
  return name.startsWith(prefix) && /^[0-9a-f-]{36}\.tmp$/.test(name.slice(prefix.length))
}

/** A rename is a change of the folder, and survives a loss of power once that is on the disk. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // has no such thing
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
