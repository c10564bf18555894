import { chmod, stat } from 'node:fs/promises'

/** What was found, and done about it. `words` say it without the path, for a person. */
export type Privacy =
  | { readonly kind: 'private' }
  | { readonly kind: 'repaired'; readonly words: string }
  | { readonly kind: 'refused'; readonly words: string }

export interface PrivateModeOptions {
  /** What it should be. */
  readonly mode: 0o600 | 0o700
  /** For tests: file systems differ in what they make of it. */
  readonly change?: ((path: string, mode: number) => Promise<void>) | undefined
  readonly platform?: string | undefined
}

/**
 * Takes from all others what they may do with a file or folder of ours. Refuses where that cannot be done; rejects
 * where there is no such file. Windows has no such modes, and is left alone.
 */
export async function keepPrivate(path: string, options: PrivateModeOptions): Promise<Privacy> {
  const { mode, change = chmod, platform = process.platform } = options
  if (platform === 'win32') return { kind: 'private' }
  const before = (await stat(path)).mode
  if (!isOpen(before)) return { kind: 'private' }
  const found = `could be read by other users (mode ${octal(before)})`
  // Whoever chose /tmp would not want it closed to everybody else.
  if (mode === 0o700 && before & sticky)
    return { kind: 'refused', words: `${found}, and is meant to be: choose a folder of its own` }
  try {
    await change(path, mode)
  } catch (error) {
    return {
      kind: 'refused',
      words: `${found}, which cannot be changed (${errorName(error)}): run chmod ${octal(mode)}`,
    }
  }
  // Some file systems take every change and keep their mode.
  if (isOpen((await stat(path)).mode)) {
    return { kind: 'refused', words: `${found}, and its file system keeps that: move it to another one` }
  }
  return { kind: 'repaired', words: `${found}; its mode is ${octal(mode)} now` }
}

const sticky = 0o1000

function isOpen(mode: number): boolean {
  return (mode & 0o077) !== 0
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/** `ENOENT`, `EACCES`: what the system says, which may be shown. */
export function errorName(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown error'
}
