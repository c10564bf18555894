import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, isDragomanError, type KeyRights, type KeyStore, type StoredKey, systemClock } from '@dragoman/core'
import type { Logger } from 'pino'
import { ConfigError } from './config/config-error.ts'
import type { Client } from './http/authenticate.ts'
import { definedOf, hasLimits, narrowed } from './narrower-rights.ts'

/** Where a key store is, opened by whoever needs it first: a start without made keys need not load SQLite. */
export interface KeyPlace {
  /** Another text whenever another store stands there; undefined where there is none. Cheap. */
  stamp(): string | undefined
  /** Makes one where there is none. */
  open(): Promise<KeyStore>
}

/** `keys.db` in the store's folder. */
export function keyFile(folder: string): KeyPlace {
  const path = join(folder, 'keys.db')
  return {
    stamp() {
      const found = statSync(path, { throwIfNoEntry: false })
      return found && `${found.dev}:${found.ino}`
    },
    open: async () => (await import('@dragoman/store/sqlite-keys')).sqliteKeys({ path }),
  }
}

/** How soon what others do to the keys is noticed. What is done here counts at once. */
const checkedAfterMs = 100
/** Writing down when a key was used may wait: a write goes to the disk. */
const usesWrittenAfterMs = 60_000
const mostRemembered = 10_000

/**
 * The client keys that were made, for a server: who brings a right one is found by its digest and remembered, with what
 * it may do, until anything changes in the store, here or by another process.
 */
export class MadeKeys {
  readonly #place: KeyPlace
  readonly #clock: Clock
  readonly #log: Pick<Logger, 'warn'>
  readonly #listeners = new Set<() => void>()
  readonly #remembered = new Map<string, Client>()
  readonly #used = new Map<string, number>()
  #store: { readonly keys: KeyStore; readonly stamp: string | undefined } | undefined
  #opening: Promise<KeyStore> | undefined
  #version: number | undefined
  /** What was read before a change must not be remembered after it. */
  #changes = 0
  #checkedAt = Number.NEGATIVE_INFINITY
  #cancelWriting: (() => void) | undefined

  constructor(options: { place: KeyPlace; clock?: Clock | undefined; log: Pick<Logger, 'warn'> }) {
    this.#place = options.place
    this.#clock = options.clock ?? systemClock
    this.#log = options.log
  }

  /** Whether there is a store. */
  isThere(): boolean {
    return this.#place.stamp() !== undefined
  }

  /** At a start: what stands against reading the keys there are is said now. Throws a `ConfigError`. */
  async ready(): Promise<void> {
    try {
      if (this.isThere()) await this.store()
    } catch (error) {
      throw isDragomanError(error) ? new ConfigError([error.message]) : error
    }
  }

  /** For looking after keys. Makes the store where there is none. Rejects with `internal` where it cannot be used. */
  async store(): Promise<KeyStore> {
    this.#check()
    if (this.#store) return this.#store.keys
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Who brought this key, where that is known already. */
  recall(given: string): Client | undefined {
    if (this.#clock.elapsed() - this.#checkedAt >= checkedAfterMs) this.#check()
    const client = this.#remembered.get(given)
    if (client !== undefined) this.#use(client.id)
    return client
  }

  /** Who brought this key, whose SHA-256 this is; undefined where it is none that was made here. */
  find(given: string, hash: Buffer): Client | undefined | Promise<Client | undefined> {
    if (this.#store) return this.#lookUp(this.#store.keys, given, hash)
    // Also while keys are made for the first time.
    if (!this.isThere()) return undefined
    return this.store().then((keys) => this.#lookUp(keys, given, hash))
  }

  /** The key as it is now; undefined where it is none that was made here. */
  async client(id: string): Promise<Client | undefined> {
    if (!this.isThere()) return undefined
    const line = await this.line(id)
    return line.length > 0 ? clientOf(line) : undefined
  }

  /** A key, then its parent, and so on. */
  async line(id: string | undefined): Promise<readonly StoredKey[]> {
    const keys = await this.store()
    const line: StoredKey[] = []
    for (let next = id; next !== undefined; next = line.at(-1)?.parent) {
      const key = await keys.get(next)
      if (!key) break
      line.push(key)
    }
    return line
  }

  /** To be called when something may have changed: whoever came to do it looks again at what he remembers. */
  changed(): void {
    this.#changes++
    this.#remembered.clear()
    for (const listener of this.#listeners) listener()
  }

  /** `listener` is called after changes, by whomever; those of others are noticed while requests come, or by `look`. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {}) // who asked for it has been told
    this.#cancelWriting?.()
    await this.#writeUses()
    await this.#store?.keys.close()
    this.#store = undefined
    this.#remembered.clear()
  }

  #lookUp(keys: KeyStore, given: string, hash: Buffer): Client | undefined | Promise<Client | undefined> {
    const changes = this.#changes
    const line = keys.byHash(hash)
    return line instanceof Promise
      ? line.then((found) => this.#remember(given, found, changes))
      : this.#remember(given, line, changes)
  }

  #remember(given: string, line: readonly StoredKey[], changes: number): Client | undefined {
    if (line.length === 0) return undefined
    const client = clientOf(line)
    if (client.ended !== undefined) return client
    this.#use(client.id)
    if (changes !== this.#changes) return client
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear()
    this.#remembered.set(given, client)
    return client
  }

  async #open(): Promise<KeyStore> {
    const keys = await this.#place.open()
    this.#store = { keys, stamp: this.#place.stamp() }
    this.#version = keys.version()
    this.changed()
    return keys
  }

  /** Whether others changed anything, or put another file in the place of the store. */
  #check(): void {
    this.#checkedAt = this.#clock.elapsed()
    if (!this.#store) return
    const { keys, stamp } = this.#store
    const version = this.#place.stamp() === stamp ? versionOf(keys) : undefined
    if (version === undefined) {
      // Another file, or none, or one that cannot be read: whoever looks something up opens what is there, or is told.
      this.#store = undefined
      keys.close().catch(() => {})
    }
    if (version === undefined || version !== this.#version) this.changed()
    this.#version = version
  }

  #use(id: string): void {
    this.#used.set(id, this.#clock.now())
    this.#cancelWriting ??= this.#clock.schedule(() => {
      this.#cancelWriting = undefined
      void this.#writeUses()
    }, usesWrittenAfterMs)
  }

  async #writeUses(): Promise<void> {
    if (this.#used.size === 0 || !this.#store) return
    const used = new Map(this.#used)
    this.#used.clear()
    try {
      await this.#store.keys.used(used)
    } catch (err) {
      this.#log.warn({ err }, 'When client keys were used last could not be written')
    }
  }
}

function versionOf(keys: KeyStore): number | undefined {
  try {
    return keys.version()
  } catch {
    return undefined // what is the matter with the store is told when it is opened again
  }
}

/** A key with its parents, as a client: it may do what all of them may, and ends with the first of them. */
function clientOf(line: readonly StoredKey[]): Client {
  const [{ id, rights: own } = { id: '', rights: {} }, ...parents] = line
  const rights: KeyRights = parents.reduce((sum, parent) => narrowed(sum, parent.rights), own)
  const isRevoked = line.some(({ revokedAt }) => revokedAt !== undefined)
  const isDisabled = line.some(({ isDisabled }) => isDisabled)
  return definedOf<Client>({
    id,
    rights: hasLimits(rights) ? { id, ...rights } : undefined,
    expiresAt: rights.expiresAt,
    ended: isRevoked ? 'was revoked' : isDisabled ? 'is switched off' : undefined,
  })
}
