import { resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type ClientBudget,
  DragomanError,
  type KeyChange,
  type KeyPage,
  type KeyRights,
  type KeyStore,
  type NewKey,
  type StoredKey,
} from '@dragoman/core'
import { attempt } from './attempt.ts'
import { type FileLayout, inTransaction, openFile } from './sqlite-file.ts'

export interface SqliteKeysOptions {
  /** The file. It is created where there is none, and its folder too; nobody but its owner may read it. */
  readonly path: string
}

/**
 * A `KeyStore` in a file of SQLite, for one machine: several processes may share it, a server and its command line say.
 * Throws `internal` where the file cannot be opened. What was written is on the disk: a key that was revoked stays so
 * through a loss of power.
 */
export function sqliteKeys({ path }: SqliteKeysOptions): KeyStore {
  const opening = `The client keys in ${path} cannot be read (put a copy in its place, or remove it and make keys anew)`
  return attempt(opening, () => new SqliteKeys(openFile(resolve(path), layout)))
}

const layout: FileLayout = {
  version: 1,
  writtenTo: 'disk',
  schema: `
    CREATE TABLE IF NOT EXISTS client_keys (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      hash BLOB NOT NULL UNIQUE,
      name TEXT,
      ending TEXT NOT NULL,
      models TEXT,
      requests_per_minute REAL,
      tokens_per_minute REAL,
      budget_day REAL,
      budget_month REAL,
      budget_tokens_per_day REAL,
      budget_tokens_per_month REAL,
      budget_time_zone TEXT,
      hosted_tools INTEGER,
      expires_at REAL,
      parent TEXT REFERENCES client_keys (id),
      created_at REAL NOT NULL,
      disabled INTEGER NOT NULL DEFAULT 0,
      revoked_at REAL,
      last_used_at REAL
    ) STRICT`,
}

/** As the table has it: types by its columns, which are strict. */
interface Row {
  readonly number: number
  readonly id: string
  readonly name: string | null
  readonly ending: string
  readonly models: string | null
  readonly requests_per_minute: number | null
  readonly tokens_per_minute: number | null
  readonly budget_day: number | null
  readonly budget_month: number | null
  readonly budget_tokens_per_day: number | null
  readonly budget_tokens_per_month: number | null
  readonly budget_time_zone: string | null
  readonly hosted_tools: number | null
  readonly expires_at: number | null
  readonly parent: string | null
  readonly created_at: number
  readonly disabled: number
  readonly revoked_at: number | null
  readonly last_used_at: number | null
}

const rightsColumns = [
  'models',
  'requests_per_minute',
  'tokens_per_minute',
  'budget_day',
  'budget_month',
  'budget_tokens_per_day',
  'budget_tokens_per_month',
  'budget_time_zone',
  'hosted_tools',
  'expires_at',
] as const

type RightsRow = Pick<Row, (typeof rightsColumns)[number]>

/** Everything happens within the call: SQLite is quicker than a turn of the event loop. */
class SqliteKeys implements KeyStore {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #byId: StatementSync
  readonly #line: StatementSync
  readonly #page: StatementSync
  readonly #change: StatementSync
  readonly #revoke: StatementSync
  readonly #use: StatementSync
  readonly #dataVersion: StatementSync
  /** SQLite counts what others wrote; what was written here is counted here. */
  #ownChanges = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    const prepare = (sql: string) => database.prepare(sql)
    const inserted = ['id', 'hash', 'name', 'ending', ...rightsColumns, 'parent', 'created_at']
    this.#insert = prepare(
      `INSERT INTO client_keys (${inserted.join(', ')}) VALUES (${inserted.map((column) => `:${column}`).join(', ')})`,
    )
    this.#byId = prepare('SELECT * FROM client_keys WHERE id = :id')
    this.#line = prepare('SELECT * FROM client_keys WHERE hash = :hash')
    this.#page = prepare('SELECT * FROM client_keys WHERE number < :before ORDER BY number DESC LIMIT :limit')
    const set = ['name', 'disabled', ...rightsColumns].map((column) => `${column} = :${column}`).join(', ')
    this.#change = prepare(`UPDATE client_keys SET ${set} WHERE id = :id`)
    this.#revoke = prepare('UPDATE client_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL')
    this.#use = prepare(
      'UPDATE client_keys SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)',
    )
    this.#dataVersion = prepare('PRAGMA data_version')
  }

  async create({ hash, id, name, ending, rights, parent, createdAt }: NewKey): Promise<StoredKey> {
    return this.#write(() => {
      this.#insert.run({
        id,
        hash,
        name: name ?? null,
        ending,
        ...rightsRow(rights),
        parent: parent ?? null,
        created_at: createdAt,
      })
      return this.#known(id)
    })
  }

  async get(id: string): Promise<StoredKey | undefined> {
    return attempt(failed, () => this.#find(id))
  }

  async list({ before, limit }: { before?: string | undefined; limit: number }): Promise<KeyPage> {
    return attempt(failed, () => {
      const last = before === undefined ? undefined : (this.#byId.get({ id: before }) as Row | undefined)
      const rows = this.#page.all({
        before: last?.number ?? Number.MAX_SAFE_INTEGER,
        limit: limit + 1,
      }) as unknown as Row[]
      const keys = rows.slice(0, limit).map(keyOf)
      return rows.length > limit ? { keys, next: keys.at(-1)?.id } : { keys }
    })
  }

  async update(id: string, change: (key: StoredKey) => KeyChange): Promise<StoredKey | undefined> {
    return this.#write(() => {
      const key = this.#find(id)
      if (!key) return undefined
      const { name = key.name, rights = key.rights, isDisabled = key.isDisabled } = change(key)
      this.#change.run({ id, name: name ?? null, disabled: isDisabled ? 1 : 0, ...rightsRow(rights) })
      return this.#known(id)
    })
  }

  async revoke(id: string, at: number): Promise<StoredKey | undefined> {
    return this.#write(() => {
      this.#revoke.run({ id, at })
      return this.#find(id)
    })
  }

  byHash(hash: Uint8Array): readonly StoredKey[] {
    return attempt(failed, () => {
      const line: StoredKey[] = []
      let row = this.#line.get({ hash }) as Row | undefined
      while (row) {
        line.push(keyOf(row))
        row = row.parent === null ? undefined : (this.#byId.get({ id: row.parent }) as Row | undefined)
      }
      return line
    })
  }

  async used(times: ReadonlyMap<string, number>): Promise<void> {
    attempt(failed, () =>
      inTransaction(this.#database, () => {
        for (const [id, at] of times) this.#use.run({ id, at })
      }),
    )
  }

  version(): number {
    return attempt(failed, () => Number(this.#dataVersion.get()?.data_version) + this.#ownChanges)
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  #find(id: string): StoredKey | undefined {
    const row = this.#byId.get({ id }) as Row | undefined
    return row && keyOf(row)
  }

  #known(id: string): StoredKey {
    const key = this.#find(id)
    if (!key) throw new DragomanError('internal', `The key ${id} went while it was written`)
    return key
  }

  #write<T>(work: () => T): T {
    const result = attempt(failed, () => inTransaction(this.#database, work))
    this.#ownChanges++
    return result
  }
}

const failed = 'The key store failed'

function keyOf(row: Row): StoredKey {
  return {
    id: row.id,
    name: row.name ?? undefined,
    ending: row.ending,
    rights: rightsOf(row),
    parent: row.parent ?? undefined,
    createdAt: row.created_at,
    isDisabled: row.disabled === 1,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}

function rightsRow({ models, requestsPerMinute, tokensPerMinute, budget, allow, expiresAt }: KeyRights): RightsRow {
  const { hostedTools } = allow ?? {}
  return {
    models: models ? JSON.stringify(models) : null,
    requests_per_minute: requestsPerMinute ?? null,
    tokens_per_minute: tokensPerMinute ?? null,
    budget_day: budget?.day ?? null,
    budget_month: budget?.month ?? null,
    budget_tokens_per_day: budget?.tokensPerDay ?? null,
    budget_tokens_per_month: budget?.tokensPerMonth ?? null,
    budget_time_zone: budget?.timeZone ?? null,
    hosted_tools: hostedTools === undefined ? null : Number(hostedTools),
    expires_at: expiresAt ?? null,
  }
}

function rightsOf(row: Row): KeyRights {
  const budget: ClientBudget = withoutNulls({
    day: row.budget_day,
    month: row.budget_month,
    tokensPerDay: row.budget_tokens_per_day,
    tokensPerMonth: row.budget_tokens_per_month,
    timeZone: row.budget_time_zone,
  })
  return withoutNulls({
    models: row.models === null ? null : modelsOf(row.models),
    requestsPerMinute: row.requests_per_minute,
    tokensPerMinute: row.tokens_per_minute,
    budget: Object.keys(budget).length > 0 ? budget : null,
    allow: row.hosted_tools === null ? null : { hostedTools: row.hosted_tools === 1 },
    expiresAt: row.expires_at,
  })
}

function modelsOf(text: string): readonly string[] {
  const models: unknown = JSON.parse(text)
  if (Array.isArray(models) && models.every((model) => typeof model === 'string')) return models
  throw new Error('the models of a key are no list of names')
}

type WithoutNulls<T> = { [K in keyof T]?: Exclude<T[K], null> }

function withoutNulls<T extends object>(fields: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as WithoutNulls<T>
}
