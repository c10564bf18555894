import type { KeyStore, StoredKey } from '@dragoman/core'
import { isDragomanError } from '@dragoman/core'
import { ConfigError } from '../config/config-error.ts'
import { readStorePlace, type StorePlace } from '../config/store-path.ts'
import { createKey, noSuchKey, revokeKey, stateOf, updateKey } from '../key-changes.ts'
import { keyFile } from '../made-keys.ts'
import { shownKey } from '../routes/admin-keys.ts'
import type { Flags } from './arguments.ts'
import type { KeysCommand } from './keys-arguments.ts'

/** What the program writes to, and what it knows. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Unix milliseconds. */
  readonly now: number
}

const ofProcess = (): Terminal => ({
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  now: Date.now(),
})

/**
 * `dragoman keys …`. A new key goes to stdout alone, so that it can be piped; what is for people to stderr. Throws a
 * `ConfigError` with what the operator can mend.
 */
export async function keys(command: KeysCommand, flags: Pick<Flags, 'config'>, terminal = ofProcess()): Promise<void> {
  const place = await readStorePlace({ config: flags.config, env: terminal.env, cwd: terminal.cwd })
  const { stamp, open } = keyFile(place.path)
  if (command.action !== 'create' && stamp() === undefined) {
    if (command.action === 'list' && command.isJson) terminal.out('[]\n')
    terminal.err(`No client key was made in ${place.path} yet: dragoman keys create\n`)
    if (command.action === 'list') return
    throw new ConfigError([`There is no client key ${command.id}`])
  }
  try {
    const store = await open()
    try {
      await obey(command, store, place, terminal)
    } finally {
      await store.close()
    }
  } catch (error) {
    throw isDragomanError(error) ? new ConfigError([error.message]) : error
  }
}

async function obey(command: KeysCommand, store: KeyStore, place: StorePlace, terminal: Terminal): Promise<void> {
  const { out, err, now } = terminal
  switch (command.action) {
    case 'create': {
      const { text, key } = await createKey(store, { ...command.request, parent: command.parent }, now)
      out(`${text}\n`)
      err(`${lines(key, now)}\nThis is the only time that the key is shown.\n${advice(place, stateOf(key, now))}`)
      return
    }
    case 'list': {
      const all = await allKeys(store)
      const listed = command.isAll ? all : all.filter((key) => isUsable(key, now))
      out(command.isJson ? json(listed.map((key) => shownKey(key, now))) : table(listed, now))
      const hidden = all.length - listed.length
      if (hidden > 0 && !command.isJson) err(`${hidden} more with --all: revoked or expired\n`)
      return
    }
    case 'show': {
      const key = (await store.get(command.id)) ?? noSuchKey(command.id)
      out(command.isJson ? json(shownKey(key, now)) : lines(key, now))
      return
    }
    case 'update':
      err(lines(await updateKey(store, command.id, command.request), now))
      return
    case 'revoke': {
      const key = await revokeKey(store, command.id, now)
      err(`${key.id} was revoked${key.revokedAt === now ? '' : ` before, at ${time(key.revokedAt)}`}\n`)
      return
    }
  }
}

/** Who makes a first key for an open server must not believe that it is closed now. */
function advice({ asksForKeys, file }: StorePlace, state: ReturnType<typeof stateOf>): string {
  if (state !== 'active') return `It opens nothing: it is ${state}.\n`
  if (asksForKeys) return 'It works at once, also on a server that runs.\n'
  return (
    'It is not asked for yet: this server is open to whoever reaches it. To ask for keys write into ' +
    `${file}:\n\n  clients: keys\n\n`
  )
}

async function allKeys(store: KeyStore): Promise<readonly StoredKey[]> {
  const keys: StoredKey[] = []
  let before: string | undefined
  do {
    const page = await store.list({ limit: 1_000, before })
    keys.push(...page.keys)
    before = page.next
  } while (before !== undefined)
  return keys
}

function isUsable(key: StoredKey, now: number): boolean {
  const state = stateOf(key, now)
  return state === 'active' || state === 'disabled'
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function table(keys: readonly StoredKey[], now: number): string {
  if (keys.length === 0) return ''
  const rows = keys.map((key) => [
    key.id,
    key.name === undefined ? '-' : printable(key.name),
    stateOf(key, now),
    `dk_…${key.ending}`,
    time(key.lastUsedAt),
    limitsOf(key).join(', ') || 'no limits',
  ])
  const all = [['ID', 'NAME', 'STATE', 'KEY', 'LAST USED', 'LIMITS'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return all.map((row) => `${line(row).trimEnd()}\n`).join('')
}

function lines(key: StoredKey, now: number): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['id', key.id],
    ['name', key.name === undefined ? undefined : printable(key.name)],
    ['key', `dk_…${key.ending}`],
    ['state', stateOf(key, now)],
    ['limits', limitsOf(key).join(', ') || 'none'],
    ['parent', key.parent],
    ['created', time(key.createdAt)],
    ['revoked', key.revokedAt === undefined ? undefined : time(key.revokedAt)],
    ['last used', time(key.lastUsedAt)],
  ]
  return facts.map(([name, value]) => (value === undefined ? '' : `${name.padEnd(9)}  ${value}\n`)).join('')
}

function limitsOf({ rights }: StoredKey): readonly string[] {
  const { models, requestsPerMinute, tokensPerMinute, budget, allow, expiresAt } = rights
  const some = (amount: number | undefined, what: string) => (amount === undefined ? [] : [`${amount} ${what}`])
  return [
    ...(models ? [`models ${models.map(printable).join(' ') || 'none'}`] : []),
    ...some(requestsPerMinute, 'requests/min'),
    ...some(tokensPerMinute, 'tokens/min'),
    ...some(budget?.day, 'USD/day'),
    ...some(budget?.month, 'USD/month'),
    ...some(budget?.tokensPerDay, 'tokens/day'),
    ...some(budget?.tokensPerMonth, 'tokens/month'),
    ...(budget?.timeZone === undefined ? [] : [`by ${budget.timeZone}`]),
    ...(allow?.hostedTools === undefined ? [] : [allow.hostedTools ? 'hosted tools' : 'no hosted tools']),
    ...(expiresAt === undefined ? [] : [`until ${time(expiresAt)}`]),
  ]
}

function time(at: number | undefined): string {
  return at === undefined ? 'never' : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A name that somebody gave must not steer the terminal of who lists it. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
