import { chmod, readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ConfigError } from './config-error.ts'

/**
 * A file's text; undefined where there is no such file. Throws a `ConfigError` when it is there and cannot be read, or is
 * no UTF-8: read as if it were, its settings would silently not be there, and a server without its keys is an open one.
 */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '')
    if (/[\0\ufffd]/.test(text)) throw new ConfigError([`${path}: is not UTF-8: save it as UTF-8 text`])
    return text
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (codeOf(error) === 'ENOENT') return undefined
    throw new ConfigError([`${path}: cannot be read (${codeOf(error)})`])
  }
}

/**
 * The configuration file: the one that was asked for, which then must be there, else `dragoman.yaml` or `dragoman.yml`
 * of the folder. Undefined when there is none.
 */
export async function findConfigFile(
  cwd: string,
  asked: string | undefined,
): Promise<{ name: string; path: string; text: string } | undefined> {
  for (const name of asked === undefined ? ['dragoman.yaml', 'dragoman.yml'] : [asked]) {
    const path = resolve(cwd, name)
    const text = await readOptional(path)
    if (text !== undefined) return { name: asked ?? basename(path), path, text }
  }
  if (asked !== undefined) throw new ConfigError([`${asked}: there is no such file`])
  return undefined
}

/** Whether everybody on this machine can read a file. Always false on Windows, where modes say nothing. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(path)).mode & 0o004) !== 0
}

/** Takes a file of secrets away from everybody but its owner and group; what came of it, if there was need. */
export async function protect(path: string, name: string): Promise<string | undefined> {
  if (!(await isReadableByOthers(path))) return undefined
  try {
    await chmod(path, (await stat(path)).mode & 0o770)
    return `${name} could be read by everybody on this machine; now only by its owner and group`
  } catch (error) {
    return `${name} can be read by everybody on this machine, and that cannot be changed (${codeOf(error)})`
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown'
}
