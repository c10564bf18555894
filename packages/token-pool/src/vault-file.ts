import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, DragomanError, isDragomanError, systemClock } from '@dragoman/core'
import { FileLocks } from './file-lock.ts'
import { errorName, keepPrivate } from './private-mode.ts'
import { isLeftOver, replaceFile } from './replace-file.ts'
import { headerLength, newSalt, seal, unseal } from './seal.ts'
import type { SessionVault, StoredSession } from './session-vault.ts'
import type { VaultKey } from './vault-key.ts'

export interface OpenVaultOptions {
  /** Made with mode 0700 where it is missing. A folder for vaults alone: other users are locked out of it. */
  readonly directory: string
  /** Of the pool; letters, digits, `.`, `_` and `-`. Its sessions are in `<directory>/<name>.vault`. */
  readonly name: string
  readonly key: VaultKey
  /** Can still be read; what is saved next is sealed with `key`. */
  readonly previousKeys?: readonly VaultKey[] | undefined
  readonly clock?: Clock | undefined
  /** What was repaired. Without secrets. */
  readonly onNotice?: ((message: string) => void) | undefined
}

/**
 * Sessions in one encrypted file, which several processes may use at a time.
 *
 * Rejects with a `DragomanError` (`internal`) that names the file and says what to do where the file needs another key,
 * is damaged, is of a later version, or can be read by other users and that cannot be changed; so do the methods of the
 * vault. A file that does not open is never removed nor written over.
 */
export async function openVault(options: OpenVaultOptions): Promise<SessionVault> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(options.name)) {
    throw new DragomanError('internal', `${JSON.stringify(options.name)} cannot be the name of a vault's file`)
  }
  const vault = new VaultFile(options)
  await vault.open()
  return vault
}

interface Entry {
  readonly session: StoredSession
  /** The day on which it was last saved or loaded, in days since 1970. */
  readonly usedOn: number
}

type Sessions = ReadonlyMap<string, Entry>
/** Undefined: to be removed. `used`: as it is, but used today. */
type Changes = Map<string, StoredSession | 'used' | undefined>

const DAY_MS = 86_400_000
/** Whoever changes a password leaves a session behind, under a key that nobody can know any more. */
const UNUSED_DAYS = 90

interface Content {
  readonly sessions: Sessions
  /** Absent where the next write draws a new one: there is no file, or it has a previous key. */
  readonly salt?: Buffer | undefined
}

class VaultFile implements SessionVault {
  readonly #options: OpenVaultOptions
  readonly #path: string
  readonly #locks: FileLocks
  /** What was read or written last, with the header of that file. */
  #known: { readonly header: Buffer; readonly content: Content } | undefined
  #gathering: { readonly changes: Changes; readonly written: Promise<void> } | undefined
  #writing: Promise<unknown> = Promise.resolve()
  /** Once a day at most, also where it cannot be written. */
  readonly #toldUsed = new Map<string, number>()

  constructor(options: OpenVaultOptions) {
    this.#options = options
    this.#path = join(options.directory, `${options.name}.vault`)
    this.#locks = new FileLocks(options.clock ?? systemClock)
  }

  async open(): Promise<void> {
    const { directory } = this.#options
    await this.#naming(directory, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await this.#keepPrivate(directory, 0o700)
    })
    await this.#naming(this.#path, async () => {
      await this.#read()
      const leftOver = async () => (await readdir(directory)).filter((name) => isLeftOver(name, this.#path))
      if ((await leftOver()).length === 0) return
      // They are written under the same lock, so none of these is being written.
      await this.#alone(async () => {
        for (const name of await leftOver()) await rm(join(directory, name), { force: true })
      })
    })
  }

  async load(key: string): Promise<StoredSession | undefined> {
    const entry = (await this.#naming(this.#path, () => this.#read())).sessions.get(key)
    if (entry && entry.usedOn !== this.#today() && this.#toldUsed.get(key) !== this.#today()) {
      this.#toldUsed.set(key, this.#today())
      // Nobody waits for it: where it cannot be written, the session is of use all the same.
      this.#change(key, 'used').catch(() => {})
    }
    return entry?.session
  }

  save(key: string, session: StoredSession): Promise<void> {
    return this.#change(key, session)
  }

  delete(key: string): Promise<void> {
    return this.#change(key, undefined)
  }

  lock(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 32)
    const path = join(this.#options.directory, `${this.#options.name}.${hash}.lock`)
    return this.#naming(path, () => this.#locks.take(path, ttlMs))
  }

  /** What comes while the file is being written is written together, next. */
  #change(key: string, change: StoredSession | 'used' | undefined): Promise<void> {
    if (!this.#gathering) {
      const changes: Changes = new Map()
      const written = this.#writing.then(() => {
        this.#gathering = undefined
        return this.#naming(this.#path, () => this.#alone(() => this.#write(changes)))
      })
      this.#gathering = { changes, written }
      this.#writing = written.catch(() => {}) // those who saved are told; the next ones begin anew
    }
    const { changes, written } = this.#gathering
    if (change !== 'used' || !changes.has(key)) changes.set(key, change)
    return written
  }

  async #write(changes: Changes): Promise<void> {
    const { key, name } = this.#options
    // In whole: what has been damaged since it was read is not written over either.
    this.#known = undefined
    const before = await this.#read()
    const sessions = new Map(before.sessions)
    const usedOn = this.#today()
    for (const [id, change] of changes) {
      const session = change === 'used' ? before.sessions.get(id)?.session : change
      if (session) sessions.set(id, { session, usedOn })
      else sessions.delete(id)
    }
    for (const [id, entry] of sessions) if (entry.usedOn < usedOn - UNUSED_DAYS) sessions.delete(id)
    const salt = before.salt ?? newSalt()
    const bytes = await seal(textOf(sessions), key, name, salt)
    await replaceFile(this.#path, bytes)
    this.#known = { header: bytes.subarray(0, headerLength), content: { sessions, salt } }
  }

  async #read(): Promise<Content> {
    let handle: FileHandle
    try {
      await this.#keepPrivate(this.#path, 0o600)
      handle = await open(this.#path, 'r')
    } catch (error) {
      if (errorName(error) === 'ENOENT') return { sessions: new Map() }
      throw error
    }
    try {
      const header = Buffer.alloc(headerLength)
      await handle.read(header, 0, headerLength, 0)
      // A nonce comes once: it is still the file that we know.
      if (this.#known?.header.equals(header)) return this.#known.content
      const content = await this.#opened(await handle.readFile())
      this.#known = { header, content }
      return content
    } finally {
      await handle.close()
    }
  }

  async #opened(bytes: Buffer): Promise<Content> {
    const { key, previousKeys = [], name } = this.#options
    for (const candidate of [key, ...previousKeys]) {
      const opened = await unseal(bytes, candidate, name)
      if (opened.kind === 'opened')
        return { sessions: parsed(opened.text, this.#today()), salt: candidate === key ? opened.salt : undefined }
      if (opened.kind === 'unknown-version') {
        throw new DragomanError(
          'internal',
          `${this.#path} is of version ${opened.version}, which this version of Dragoman does not know: update it, or move the file away to sign in anew`,
        )
      }
      if (opened.kind === 'damaged') {
        throw new DragomanError('internal', `${this.#path} is damaged or no vault: move the file away to sign in anew`)
      }
    }
    throw new DragomanError(
      'internal',
      `${this.#path} does not open: it was sealed with another key or under another name, or is damaged. Give the key it was sealed with (also as a previous key), or move the file away to sign in anew`,
    )
  }

  #today(): number {
    return Math.floor((this.#options.clock ?? systemClock).now() / DAY_MS)
  }

  async #keepPrivate(path: string, mode: 0o600 | 0o700): Promise<void> {
    const privacy = await keepPrivate(path, { mode })
    if (privacy.kind === 'refused') throw new DragomanError('internal', `${path} ${privacy.words}`)
    if (privacy.kind === 'repaired') this.#options.onNotice?.(`${path} ${privacy.words}`)
  }

  #alone<T>(action: () => Promise<T>): Promise<T> {
    return this.#locks.during(`${this.#path}.lock`, action)
  }

  async #naming<T>(path: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (isDragomanError(error)) throw error
      throw new DragomanError('internal', `${path} cannot be used (${errorName(error)})`, { cause: error })
    }
  }
}

function textOf(sessions: Sessions): string {
  const entries = Array.from(sessions, ([id, { session, usedOn }]) => [id, { ...session, usedOn }])
  return JSON.stringify({ sessions: Object.fromEntries(entries) })
}

function parsed(text: string, today: number): Sessions {
  // The seal says that we wrote it, in the version that it names.
  const { sessions } = JSON.parse(text) as { sessions: Record<string, StoredSession & { usedOn?: number }> }
  return new Map(Object.entries(sessions).map(([id, { usedOn = today, ...session }]) => [id, { session, usedOn }]))
}
