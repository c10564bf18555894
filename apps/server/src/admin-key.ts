import { randomBytes } from 'node:crypto'
import { chmod, constants, copyFile, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Secret } from '@dragoman/core'
import { ConfigError } from './config/config-error.ts'
import { faultOfClientKey } from './config/placeholders.ts'

export interface AdminKeyOptions {
  /** As it stands in the configuration or a variable; undefined where none does. */
  readonly configured: Secret | undefined
  /** Where the one is kept that is made otherwise. Its folder is made too. */
  readonly path: string
  /** It must be none of these. */
  readonly clientKeys?: readonly Secret[] | undefined
}

/**
 * The admin key, made where there is none, as `findKey` says; a `ConfigError` also where a client has the same.
 */
export async function adminKey(options: AdminKeyOptions): Promise<{ key?: Secret; notice?: string }> {
  const found = await findKey(options)
  if (options.clientKeys?.some((client) => client.reveal().trim() === found.key?.reveal())) {
    throw new ConfigError(['The admin key is also the key of a client, who could do everything: make another one'])
  }
  return found
}

/**
 * The admin key: what is configured, else what is in the file, else a new one, which is then in the file. Processes that
 * start at the same time get the same one. Undefined, with a notice, where a new one cannot be kept. Throws a
 * `ConfigError` for a key that is none, configured or in the file; no message and no notice holds a key.
 */
async function findKey({ configured, path }: AdminKeyOptions): Promise<{ key?: Secret; notice?: string }> {
  if (configured !== undefined) {
    const value = configured.reveal()
    const fault = faultOfClientKey(value)
    if (fault) throw new ConfigError([`The admin key ${fault}: make one with \`openssl rand -hex 32\`, or remove it`])
    return { key: new Secret(value.trim()) }
  }
  try {
    const stored = await readKey(path)
    if (stored) return stored
    const isOurs = await writeKey(path, `dgadmin-${randomBytes(32).toString('base64url')}`)
    const made = await readKey(path)
    if (!made) return { notice: withoutKey(path, 'it does not stay there') }
    return isOurs ? { ...made, notice: `The admin key was made, and is in ${path}` } : made
  } catch (error) {
    if (error instanceof ConfigError) throw error
    return { notice: withoutKey(path, codeOf(error)) }
  }
}

/** A server in a read-only container is to serve all the same. */
function withoutKey(path: string, why: string): string {
  return `There is no /admin, because its key cannot be kept in ${path} (${why}): set ADMIN_KEY`
}

async function readKey(path: string): Promise<{ key: Secret; notice?: string } | undefined> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const fault = faultOfClientKey(text)
  if (fault) throw new ConfigError([`${path}: the admin key in it ${fault}: remove the file, and a new one is made`])
  const key = new Secret(text)
  const notice = await keepFromOthers(path)
  return notice === undefined ? { key } : { key, notice }
}

async function keepFromOthers(path: string): Promise<string | undefined> {
  // Modes say nothing on Windows.
  if (process.platform === 'win32' || ((await stat(path)).mode & 0o077) === 0) return undefined
  const advice = 'if somebody may have read it, remove the file, and a new key is made'
  try {
    await chmod(path, 0o600)
    return `${path}, the admin key, was open to others on this machine; now only to its owner (${advice})`
  } catch (error) {
    return `${path}, the admin key, is open to others on this machine, and that cannot be changed (${codeOf(error)}; ${advice})`
  }
}

/** Whether it was us who wrote it. The file appears with all it holds, or another process never sees half of a key. */
async function writeKey(path: string, key: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const written = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(written, 'wx', 0o600)
    try {
      await file.writeFile(`${key}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await linkOrCopy(written, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(written, { force: true })
  }
}

/** Some mounted file systems have no links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown'
}
