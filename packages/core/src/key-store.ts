import type { ClientRights } from './client-rights.ts'
import { DragomanError } from './errors.ts'

/** What a made key may do. Its id is the key's own. */
export type KeyRights = Omit<ClientRights, 'id'>

/** A client key as it is kept: without its text, which nobody has but who it was made for. */
export interface StoredKey {
  readonly id: string
  readonly name?: string | undefined
  /** The last characters of its text, to tell it by. */
  readonly ending: string
  readonly rights: KeyRights
  /** Id of the key whose rights it may not exceed, and with which it ends. */
  readonly parent?: string | undefined
  /** Unix milliseconds, as all times here. */
  readonly createdAt: number
  /** Switched off, until it is switched on again. */
  readonly isDisabled: boolean
  /** From then on it opens nothing, for good. */
  readonly revokedAt?: number | undefined
  /** To about a minute. */
  readonly lastUsedAt?: number | undefined
}

export interface NewKey extends Pick<StoredKey, 'id' | 'name' | 'ending' | 'rights' | 'parent' | 'createdAt'> {
  /**
   * SHA-256 of its text, 32 bytes. A slow hash would add nothing: it is there for passwords, which can be guessed, and a
   * key of 256 random bits cannot.
   */
  readonly hash: Uint8Array
}

/** What is left out stays as it is; `rights` are replaced as a whole. */
export interface KeyChange {
  /** Null: none any more. */
  readonly name?: string | null | undefined
  readonly rights?: KeyRights | undefined
  readonly isDisabled?: boolean | undefined
}

/** Newest first. */
export interface KeyPage {
  readonly keys: readonly StoredKey[]
  /** `before` of the next page; absent on the last. */
  readonly next?: string | undefined
}

/** Client keys that were made while the server runs, or by its command line. */
export interface KeyStore {
  /** Rejects with `internal` where there is a key of this id or hash, or no such parent. */
  create(key: NewKey): Promise<StoredKey>
  get(id: string): Promise<StoredKey | undefined>
  list(query: { before?: string | undefined; limit: number }): Promise<KeyPage>
  /**
   * `change` sees the key as it is, and nothing changes in between; where it throws a `DragomanError`, `update` rejects
   * with that and nothing has changed. Undefined where there is no such key.
   */
  update(id: string, change: (key: StoredKey) => KeyChange): Promise<StoredKey | undefined>
  /** For good; the first time counts. Undefined where there is no such key. */
  revoke(id: string, at: number): Promise<StoredKey | undefined>
  /** The key with this SHA-256, then its parent, and so on to the first; empty where there is none. */
  byHash(hash: Uint8Array): readonly StoredKey[] | Promise<readonly StoredKey[]>
  /** When keys were used last, by their ids. An earlier time than the one that is kept changes nothing. */
  used(times: ReadonlyMap<string, number>): Promise<void>
  /** Another number whenever anything but `lastUsedAt` may have changed, by whomever. Cheap. */
  version(): number
  /** Whatever is asked later rejects or throws. */
  close(): Promise<void>
}

/** A `KeyStore` of this process, gone with it. */
export function memoryKeys(): KeyStore {
  const byId = new Map<string, StoredKey>()
  const idByHash = new Map<string, string>()
  let version = 0
  let isOpen = true

  const opened = () => {
    if (!isOpen) throw new DragomanError('internal', 'The key store is closed')
  }
  const put = (key: StoredKey) => {
    byId.set(key.id, key)
    version++
    return key
  }
  const page = (before: string | undefined, limit: number): KeyPage => {
    const newest = [...byId.values()].reverse()
    const from = before === undefined ? 0 : newest.findIndex(({ id }) => id === before) + 1
    const keys = newest.slice(from, from + limit)
    return newest.length > from + limit ? { keys, next: keys.at(-1)?.id } : { keys }
  }

  return {
    async create({ hash, ...key }) {
      opened()
      const joined = hash.join()
      if (byId.has(key.id) || idByHash.has(joined)) throw new DragomanError('internal', 'There is such a key already')
      if (key.parent !== undefined && !byId.has(key.parent))
        throw new DragomanError('internal', 'There is no such parent')
      idByHash.set(joined, key.id)
      return put({ ...key, isDisabled: false })
    },
    async get(id) {
      opened()
      return byId.get(id)
    },
    async list({ before, limit }) {
      opened()
      return page(before, limit)
    },
    async update(id, change) {
      opened()
      const key = byId.get(id)
      return key && put(changed(key, change(key)))
    },
    async revoke(id, at) {
      opened()
      const key = byId.get(id)
      return key && put({ ...key, revokedAt: key.revokedAt ?? at })
    },
    byHash(hash) {
      opened()
      const line: StoredKey[] = []
      let id = idByHash.get(hash.join())
      while (id !== undefined) {
        const key = byId.get(id)
        if (key) line.push(key)
        id = key?.parent
      }
      return line
    },
    async used(times) {
      opened()
      for (const [id, at] of times) {
        const key = byId.get(id)
        if (key) byId.set(id, { ...key, lastUsedAt: Math.max(key.lastUsedAt ?? at, at) })
      }
    },
    version() {
      opened()
      return version
    },
    async close() {
      isOpen = false
    },
  }
}

function changed(key: StoredKey, { name, rights, isDisabled }: KeyChange): StoredKey {
  return {
    ...key,
    name: name === undefined ? key.name : (name ?? undefined),
    rights: rights ?? key.rights,
    isDisabled: isDisabled ?? key.isDisabled,
  }
}
