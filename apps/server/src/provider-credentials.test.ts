import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Credential, credential, memoryState, type Provider, Secret } from '@dragoman/core'
import { canary, type HandClock, handClock, leaked } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from './config/config-error.ts'
import type { ProviderSettings, Settings } from './config/settings.ts'
import { openCredentials, type ProviderCredentials } from './provider-credentials.ts'

const { signal } = new AbortController()
const password = canary('password')
const key = 'ab'.repeat(32)

let folder: string
let clock: HandClock
let logged: string[]
let open: ProviderCredentials[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-credentials-'))
  clock = handClock()
  logged = []
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((own) => own.close()))
  await rm(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const account = {
  values: { email: new Secret('jane@example.com'), password: new Secret(password) },
  from: 'configuration',
}

/** Signs in by counting: `visit-1-of-many`, `visit-2-of-many`, … */
function signingIn(): Provider & { readonly signIns: number } {
  let signIns = 0
  return {
    id: 'acme',
    async *chat() {},
    acquire: async (source) => ({ ...credential({ token: `visit-${++signIns}-of-many` }), id: source.id }),
    close: async () => {},
    get signIns() {
      return signIns
    },
  }
}

async function start(provider: Provider, own: Partial<ProviderSettings> = {}, general: Partial<Settings> = {}) {
  const settings = {
    maxCooldownMs: 600_000,
    paths: { store: folder, sessions: at('sessions') },
    vaultKey: new Secret(key),
    previousVaultKeys: [],
    ...general,
  } as unknown as Settings
  const log = (fields: unknown, text?: string) => void logged.push(JSON.stringify([fields, text]))
  const configured = {
    id: 'acme',
    credentials: [],
    credentialsFrom: [],
    pool: {},
    ...own,
  } as unknown as ProviderSettings
  const fields = { field: 'token', check: () => undefined }
  const context = { settings, clock, state: memoryState({ clock }), log: { debug: log, info: log, warn: log } }
  const credentials = await openCredentials(provider, configured, fields, context)
  open.push(credentials)
  return credentials
}

async function tokenOf({ pool }: ProviderCredentials): Promise<string | undefined> {
  const lease = await pool.lease({ signal })
  lease.settle({ kind: 'ok' })
  return lease.credential.values.token?.reveal()
}

describe('sessions', () => {
  test('outlive the process, sealed', async () => {
    const provider = signingIn()
    const first = await start(provider, { credentials: [account] })
    expect(await tokenOf(first)).toBe('visit-1-of-many')
    await first.close()

    expect(await tokenOf(await start(provider, { credentials: [account] }))).toBe('visit-1-of-many')
    expect(provider.signIns).toBe(1)
    const [file = ''] = (await readdir(at('sessions'))).filter((name) => name.endsWith('.vault'))
    const sealed = await readFile(join(at('sessions'), file))
    expect((await stat(join(at('sessions'), file))).mode & 0o777).toBe(0o600)
    expect(
      leaked({ password, session: 'visit-1-of-many', address: 'jane@example' }, sealed.toString('latin1')),
    ).toEqual([])
    expect(leaked({ password, session: 'visit-1-of-many' }, logged)).toEqual([])
  })

  test('another key stops the start, says so, and loses nothing', async () => {
    const provider = signingIn()
    await tokenOf(await start(provider, { credentials: [account] }))
    const other = { vaultKey: new Secret('cd'.repeat(32)) }
    const failure = await start(provider, { credentials: [account] }, other).catch((caught: unknown) => caught)
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain('acme.vault')

    const both = { ...other, previousVaultKeys: [new Secret(key)] }
    expect(await tokenOf(await start(provider, { credentials: [account] }, both))).toBe('visit-1-of-many')
    expect(provider.signIns).toBe(1)
  })

  test('without a key one is made in the store, for its owner alone', async () => {
    const provider = signingIn()
    await tokenOf(await start(provider, { credentials: [account] }, { vaultKey: undefined }))
    expect((await stat(at('sessions.key'))).mode & 0o777).toBe(0o600)
    const made = await readFile(at('sessions.key'), 'utf8')
    expect(leaked({ made }, logged)).toEqual([])
    expect(await tokenOf(await start(provider, { credentials: [account] }, { vaultKey: undefined }))).toBe(
      'visit-1-of-many',
    )
  })

  test('a key that is too short is refused by what it lacks', async () => {
    const failure = start(signingIn(), { credentials: [account] }, { vaultKey: new Secret('short') })
    await expect(failure).rejects.toThrow('providers.acme: ')
  })

  test('a provider that does not sign in has no vault', async () => {
    const plain: Provider = { id: 'acme', async *chat() {}, close: async () => {} }
    const own = await start(plain, { credentials: [{ values: { token: new Secret('t-1') } }] })
    expect(await tokenOf(own)).toBe('t-1')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('sources', () => {
  const plain: Provider = { id: 'acme', async *chat() {}, close: async () => {} }

  test('files, variables and the list are one pool; a file is read again when it has changed', async () => {
    await writeFile(at('tokens.txt'), 't-2\nt-3\n', { mode: 0o600 })
    const own = await start(plain, {
      credentials: [{ values: { token: new Secret('t-1') }, from: 'configuration' }],
      credentialsFrom: [{ file: at('tokens.txt') }, { text: new Secret('["t-4"]'), from: 'TOKEN_POOL' }],
    })
    const froms = () => own.pool.status().map(({ id, from }) => `${id} ${from?.replace(`${folder}/`, '')}`)
    expect(froms()).toEqual([
      'acme:1 configuration',
      'acme:2 tokens.txt:1',
      'acme:3 tokens.txt:2',
      'acme:4 TOKEN_POOL[0]',
    ])

    await writeFile(at('tokens.txt'), 't-3\n"bad"\n')
    await own.reload()
    expect(froms()).toEqual(['acme:1 configuration', 'acme:3 tokens.txt:1', 'acme:4 TOKEN_POOL[0]'])
    expect(own.problems).toEqual([expect.stringContaining('tokens.txt:2')])
    expect(logged.join()).toContain('tokens.txt:2')
  })

  test('fault 70: a file that others can read is closed to them, and that is said', async () => {
    await writeFile(at('tokens.txt'), 't-1\n')
    await chmod(at('tokens.txt'), 0o644)
    const own = await start(plain, { credentialsFrom: [{ file: at('tokens.txt') }] })
    expect(await tokenOf(own)).toBe('t-1')
    expect((await stat(at('tokens.txt'))).mode & 0o777).toBe(0o600)
    expect(own.problems).toEqual([expect.stringContaining('could be read by other users (mode 0644)')])
    expect(logged.join()).toContain('could be read by other users')
  })

  test('a service that asks for no key is called without; one whose file is empty is not', async () => {
    const keyless = await start(plain)
    expect((await keyless.pool.lease({ signal })).credential).toMatchObject({
      values: {},
    } satisfies Partial<Credential>)
    const waiting = await start(plain, { credentialsFrom: [{ file: at('none.txt') }] })
    expect(() => waiting.pool.lease({ signal })).toThrow('acme has no credential')
    expect(waiting.problems).toEqual([expect.stringContaining('is not there')])
  })

  test("the server's own folders are none, and its keys in other ones are not read", async () => {
    const failure = start(plain, { credentialsFrom: [{ directory: folder }] })
    await expect(failure).rejects.toThrow('where the server keeps keys of its own')
    await mkdir(at('tokens'))
    await writeFile(at('tokens/admin.key'), 'dgadmin-1', { mode: 0o600 })
    await writeFile(at('tokens/mine.txt'), 't-1', { mode: 0o600 })
    const own = await start(plain, { credentialsFrom: [{ directory: at('tokens') }] })
    expect(own.pool.status().map(({ from }) => from)).toEqual([`${at('tokens')}/mine.txt:1`])
  })

  test('problems are those of the last reading', async () => {
    await writeFile(at('tokens.txt'), 't-1\n', { mode: 0o600 })
    const own = await start(plain, { credentialsFrom: [{ file: at('tokens.txt') }] })
    expect(own.problems).toEqual([])
    await writeFile(at('tokens.txt'), 't-1\n"t-2"\n')
    const { problems } = await own.reload()
    expect(problems).toEqual([expect.stringContaining('tokens.txt:2')])
    expect(own.problems).toEqual(problems)
    await writeFile(at('tokens.txt'), 't-1\n')
    await own.reload()
    expect(own.problems).toEqual([])
  })
})

test('a provider that can ask its service is asked about each credential, with the state it keeps things in', async () => {
  const asked: unknown[] = []
  const own = await start({
    ...signingIn(),
    async probe({ id, values }, { state, signal }) {
      asked.push([id, values.token?.reveal(), await state.get('nothing'), signal.aborted])
      return 'ok'
    },
  })
  expect(await own.check?.()).toEqual([{ id: 'acme:1', outcome: 'ok' }])
  expect(asked).toEqual([['acme:1', 'visit-1-of-many', undefined, false]])
  expect(await start(signingIn())).not.toHaveProperty('check')
})
