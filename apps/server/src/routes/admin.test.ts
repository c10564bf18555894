import { type Credential, DragomanError, type Lease, Secret } from '@dragoman/core'
import { canary, type HandClock, handClock, leaked } from '@dragoman/testkit'
import { type CredentialSource, TokenPool } from '@dragoman/token-pool'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkCredentials } from '../check-credentials.ts'
import type { ProviderCredentials } from '../provider-credentials.ts'
import { greeter, rawRequest, startTestServer, type TestServer } from '../test-server.ts'

const adminKey = canary('admin')
const secrets: Readonly<Record<string, string>> = {
  admin: adminKey,
  ...Object.fromEntries(['one', 'two', 'three', 'four', 'ann', 'bob', 'session'].map((name) => [name, canary(name)])),
}

const key = (name: string): CredentialSource => ({
  values: { apiKey: new Secret(secrets[name] ?? '') },
  name,
  from: `keys.txt:${name}`,
})
const account = (name: string): CredentialSource => ({
  values: { email: new Secret(`${name}@example.com`), password: new Secret(secrets[name] ?? '') },
})

/** What the sign-in of `kimi` does. */
let signIn: (source: Credential) => Promise<Credential>
/** What stands in the file of `zai`. */
let file: { credentials: CredentialSource[]; problems: string[] }
/** What the service of `zai` says of a key. */
let probe: (credential: Credential) => Promise<'ok' | 'rejected' | 'challenged'>
let clock: HandClock
let zai: TokenPool
let kimi: TokenPool
let server: TestServer
/** Everything that was answered. */
let answered: string[]

beforeEach(async () => {
  clock = handClock()
  answered = []
  file = { credentials: [key('one'), key('two'), key('three')], problems: [] }
  probe = async () => 'ok'
  signIn = async ({ id }) => ({ id, values: { token: new Secret(secrets.session ?? '') } })
  zai = new TokenPool({ name: 'zai', credentials: file.credentials, clock, random: () => 0 })
  kimi = new TokenPool({
    name: 'kimi',
    credentials: [account('ann'), account('bob')],
    acquire: (source) => signIn(source),
    clock,
    random: () => 0,
  })
  const reread: ProviderCredentials = {
    pool: zai,
    get problems() {
      return file.problems
    },
    async reload() {
      zai.set(file.credentials)
      return file
    },
    check: () => checkCredentials({ pool: zai, clock, probe: (credential) => probe(credential) }),
    close: async () => zai.close(),
  }
  const fixed: ProviderCredentials = {
    pool: kimi,
    problems: [],
    reload: async () => ({ credentials: [], problems: [] }),
    close: async () => kimi.close(),
  }
  server = await startTestServer(greeter, {
    admin: { key: new Secret(adminKey) },
    credentials: new Map([
      ['zai', reread],
      ['kimi', fixed],
    ]),
    clock,
  })
})

afterEach(async () => {
  await server.stop()
  zai.close()
  kimi.close()
  // Whatever a test has asked for.
  expect(leaked(secrets, [answered, server.logged])).toEqual([])
})

async function ask(path: string, body?: unknown, method = 'GET') {
  const answer = await rawRequest(server.url, {
    method,
    path: `/admin/tokens/${path}`,
    headers: { 'x-admin-key': adminKey, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  answered.push(answer.text, JSON.stringify(answer.headers))
  return {
    status: answer.status,
    headers: answer.headers,
    json: answer.text === '' ? undefined : JSON.parse(answer.text),
  }
}
const post = (path: string, body?: unknown) => ask(path, body, 'POST')

const lease = (pool: TokenPool, model = 'm'): Lease | Promise<Lease> =>
  pool.lease({ signal: new AbortController().signal, model })

/** The next call of a pool fails. */
async function fail(pool: TokenPool, error: DragomanError): Promise<void> {
  const failing = await lease(pool)
  failing.settle({ kind: 'failed', error })
}

const limited = new DragomanError('rate_limited', 'slow down', { retryAfterMs: 30_000 })

describe('stats', () => {
  test('say of three keys which works, which one rests and until when, and which one is out', async () => {
    const busy = await lease(zai)
    busy.settle({ kind: 'ok' })
    await clock.advance(1_000)
    await fail(zai, new DragomanError('credential_exhausted', 'out of money', { retryAfterMs: 60_000 }))
    await clock.advance(1_000)
    await fail(zai, new DragomanError('credential_disabled', 'the account is closed'))
    await clock.advance(1_000)
    const held = await lease(zai)

    const { status, json } = await ask('stats?provider=zai')
    expect(status).toBe(200)
    expect(json).toMatchObject({ total_tokens: 3, available_tokens: 1, failed_tokens: 2, in_flight: 1, waiting: 0 })
    const detail = { provider: 'zai', is_refreshing: false, is_probing: false, models: [], weight: 1 }
    expect(json.token_details).toEqual([
      {
        ...detail,
        id: 'zai:1',
        name: 'one',
        from: 'keys.txt:one',
        state: 'ready',
        in_flight: 1,
        successes: 1,
        failures: 0,
        consecutive_failures: 0,
        last_used_at: '2026-01-01T00:00:03.000Z',
        last_success_at: '2026-01-01T00:00:00.000Z',
      },
      {
        ...detail,
        id: 'zai:2',
        name: 'two',
        from: 'keys.txt:two',
        state: 'cooling',
        reason: expect.stringContaining('out of money'),
        until: '2026-01-01T00:01:01.000Z',
        retry_after_ms: 58_000,
        in_flight: 0,
        successes: 0,
        failures: 1,
        consecutive_failures: 1,
        last_used_at: '2026-01-01T00:00:01.000Z',
        last_failure_at: '2026-01-01T00:00:01.000Z',
      },
      {
        ...detail,
        id: 'zai:3',
        name: 'three',
        from: 'keys.txt:three',
        state: 'disabled',
        reason: expect.stringContaining('the account is closed'),
        in_flight: 0,
        successes: 0,
        failures: 1,
        consecutive_failures: 1,
        last_used_at: '2026-01-01T00:00:02.000Z',
        last_failure_at: '2026-01-01T00:00:02.000Z',
      },
    ])
    expect(json.providers).toEqual([
      {
        id: 'zai',
        strategy: 'least-used',
        total: 3,
        available: 1,
        resting_for_models: 0,
        cooling: 1,
        disabled: 1,
        in_flight: 1,
        waiting: 0,
        consecutive_auth_failures: 0,
        problems: [],
        updater: { status: 'disabled', update_count: 0, error_count: 0 },
      },
    ])
    held.settle({ kind: 'ok' })
  })

  test('name the models that a key is out for, and what an upstream asked for beyond the cap', async () => {
    await fail(zai, new DragomanError('rate_limited', 'come back tomorrow', { retryAfterMs: 86_400_000 }))
    const { json } = await ask('zai:1')
    expect(json).toMatchObject({ state: 'ready' })
    expect(json.models).toEqual([
      {
        model: 'm',
        state: 'cooling',
        reason: expect.stringContaining('come back tomorrow'),
        until: '2026-01-01T00:10:00.000Z',
        asked_until: '2026-01-02T00:00:00.000Z',
        retry_after_ms: 600_000,
        is_probing: false,
      },
    ])
  })

  test('are of all providers, of one, or of several', async () => {
    const ids = async (path: string) => (await ask(path)).json.token_details.map(({ id }: { id: string }) => id)
    expect(await ids('stats')).toEqual(['zai:1', 'zai:2', 'zai:3', 'kimi:1', 'kimi:2'])
    expect(await ids('stats?provider=kimi')).toEqual(['kimi:1', 'kimi:2'])
    expect(await ids('stats?provider=kimi&provider=zai&provider=kimi')).toEqual([
      'kimi:1',
      'kimi:2',
      'zai:1',
      'zai:2',
      'zai:3',
    ])
  })

  test('show accounts masked', async () => {
    expect((await ask('kimi%3A1')).json).toMatchObject({ id: 'kimi:1', name: 'a…@example.com' })
  })

  test('tell what could not be used', async () => {
    file.problems = ['keys.txt:4: holds a line break']
    const { json } = await ask('stats')
    expect(json.providers.map(({ problems }: { problems: string[] }) => problems)).toEqual([file.problems, []])
  })
})

describe('one token', () => {
  test('is reset: what rested is ready again', async () => {
    await fail(zai, new DragomanError('credential_exhausted', 'out of money'))
    expect((await ask('zai:1')).json.state).toBe('cooling')
    const { status, json } = await post('zai:1/reset')
    expect([status, json.id, json.state, json.consecutive_failures]).toEqual([200, 'zai:1', 'ready', 0])
    expect(zai.stats().available).toBe(3)
  })

  test('is disabled, with a reason or without, and enabled', async () => {
    expect((await post('zai:1/disable', { reason: ' rotating it ' })).json).toMatchObject({
      state: 'disabled',
      reason: expect.stringContaining('rotating it'),
    })
    expect((await post('zai:2/disable')).json).toMatchObject({ id: 'zai:2', state: 'disabled' })
    expect((await post('zai:3/disable', {})).json.state).toBe('disabled')
    expect(() => lease(zai)).toThrow()
    expect((await post('zai:2/enable')).json).toMatchObject({ id: 'zai:2', state: 'ready' })
    const left = await lease(zai)
    expect(left.credential.id).toBe('zai:2')
    left.settle({ kind: 'ok' })
  })

  test.each([
    ['not JSON', '{"reason":', null],
    ['a list', [], null],
    ['a text', '"reason"', null],
    ['a reason that is no text', { reason: 1 }, 'reason'],
    ['a long one', { reason: 'x'.repeat(201) }, 'reason'],
    ['a misspelt one', { reson: 'x' }, 'reson'],
  ])('is not disabled by %s', async (_what, body, param) => {
    const { status, json } = await post('zai:1/disable', body)
    expect([status, json.error.type]).toEqual([400, 'invalid_request_error'])
    if (param) expect(`${json.error.param} ${json.error.message}`).toContain(param)
    expect(zai.stats().disabled).toBe(0)
  })

  test.each(['', '/reset', '/refresh', '/enable', '/disable'])('that is not there is a 404 (%s)', async (action) => {
    const { status, json } = await ask(`zai:9${action}`, undefined, action === '' ? 'GET' : 'POST')
    expect([status, json.error]).toEqual([
      404,
      {
        message: 'There is no token "zai:9": there are zai:1, zai:2, zai:3, kimi:1, kimi:2',
        type: 'invalid_request_error',
        param: null,
        code: 'token_not_found',
      },
    ])
  })

  test('that is not there among many is told with twenty of them', async () => {
    zai.set(Array.from({ length: 30 }, (_, n) => ({ values: { apiKey: new Secret(`sk-${n}`) } })))
    const { json } = await ask('nothing')
    expect(json.error.message.match(/(zai|kimi):\d+/g)).toHaveLength(20)
    expect(json.error.message).toMatch(/ and 12 more$/)
  })
})

test.each([
  ['GET', 'stats'],
  ['GET', 'updater'],
  ['POST', 'reset-all'],
  ['POST', 'reset-counters'],
  ['POST', 'reload'],
  ['POST', 'refresh'],
  ['POST', 'check'],
])('%s %s of a provider that is not there is a 404 that says which there are', async (method, path) => {
  for (const query of ['provider=nothing', 'provider=', 'provider=zai&provider=nothing']) {
    const { status, json } = await ask(`${path}?${query}`, undefined, method)
    expect([status, json.error.code]).toEqual([404, 'provider_not_found'])
    expect(json.error.message).toMatch(/: there are zai, kimi$/)
  }
})

test('reset-all makes all ready, or those of one provider', async () => {
  const out = () => [zai, kimi].map((pool) => pool.stats().disabled)
  const disableAll = () => {
    for (const pool of [zai, kimi]) for (const { id } of pool.status()) pool.disable(id)
  }
  disableAll()
  const { status, json } = await post('reset-all?provider=kimi')
  expect([status, json.total_tokens, json.available_tokens]).toEqual([200, 2, 2])
  expect(out()).toEqual([3, 0])
  disableAll()
  expect((await post('reset-all')).json).toMatchObject({ total_tokens: 5, available_tokens: 5, failed_tokens: 0 })
  expect(out()).toEqual([0, 0])
})

test('reset-counters begins to count failures anew, and changes nothing else', async () => {
  await fail(zai, limited)
  expect((await ask('zai:1')).json.consecutive_failures).toBe(1)
  const { status } = await post('reset-counters')
  expect(status).toBe(200)
  const { json } = await ask('zai:1')
  expect([json.consecutive_failures, json.models.length]).toEqual([0, 1])
})

test('reload says what was found, what came and went, and what could not be used', async () => {
  zai.disable('zai:1')
  file = { credentials: [key('one'), key('three'), key('four')], problems: ['keys.txt:2: is no key'] }
  const { status, json } = await post('reload?provider=zai')
  expect(status).toBe(200)
  expect(json.reloaded).toEqual([
    { id: 'zai', found: 3, added: ['zai:4'], removed: ['zai:2'], problems: ['keys.txt:2: is no key'] },
  ])
  const states = json.token_details.map(({ id, state }: { id: string; state: string }) => [id, state])
  expect(states).toEqual([
    ['zai:1', 'disabled'],
    ['zai:3', 'ready'],
    ['zai:4', 'ready'],
  ])
  expect((await post('reload')).json.reloaded).toMatchObject([
    { id: 'zai', added: [] },
    { id: 'kimi', found: 0 },
  ])
})

describe('a check by hand', () => {
  test('says of each key what its service says, and how they all are then', async () => {
    probe = async ({ id }) => (id === 'zai:2' ? 'rejected' : 'ok')
    const { status, json } = await post('check')
    expect(status).toBe(200)
    expect(json.checked).toEqual([
      { id: 'zai:1', outcome: 'ok' },
      { id: 'zai:2', outcome: 'rejected' },
      { id: 'zai:3', outcome: 'ok' },
    ])
    expect(json).toMatchObject({ total_tokens: 5, failed_tokens: 1 })
    expect((await ask('zai:2')).json).toMatchObject({ state: 'cooling', reason: expect.stringContaining('401') })
  })

  test.each([
    ['?provider=kimi', 'of the provider kimi'],
    ['?provider=kimi&provider=kimi', 'of the provider kimi'],
  ])('of a service that nothing can be asked is a 400 that says so (%s)', async (query, which) => {
    const { status, json } = await post(`check${query}`)
    expect([status, json.error.code]).toEqual([400, 'not_checkable'])
    expect(json.error.message).toContain(which)
  })
})

describe('a refresh by hand', () => {
  test('renews all sessions, and answers when each is there', async () => {
    const { status, json } = await post('refresh?provider=kimi')
    expect(status).toBe(200)
    for (const detail of json.token_details) {
      expect(detail).toMatchObject({ state: 'ready', refreshed_at: '2026-01-01T00:00:00.000Z', is_refreshing: false })
    }
    expect(json.providers[0].updater).toMatchObject({ status: 'idle', update_count: 2 })
  })

  test('of all providers renews those that can be renewed', async () => {
    expect((await post('refresh')).status).toBe(200)
    expect(kimi.stats().refresh.succeeded).toBe(2)
  })

  test('of one token renews that one', async () => {
    const { status, json } = await post('kimi:2/refresh')
    expect([status, json.id, json.refreshed_at]).toEqual([200, 'kimi:2', '2026-01-01T00:00:00.000Z'])
    expect(kimi.stats().refresh.succeeded).toBe(1)
  })

  test.each(['refresh?provider=zai', 'zai:1/refresh'])('of keys is a 400 that says why (%s)', async (path) => {
    const { status, json } = await post(path)
    expect([status, json.error.code]).toEqual([400, 'not_renewable'])
    expect(json.error.message).toContain('zai')
  })

  test('that fails is a 502 with a reason for each, in our words: a service may quote what it was sent', async () => {
    signIn = async ({ id, values }) => {
      if (id === 'kimi:1') throw new DragomanError('credential_rejected', `no: ${values.password?.reveal()}`)
      if (id === 'kimi:2') throw new Error(`it broke on ${values.password?.reveal()}`)
      return { id, values }
    }
    const all = await post('refresh')
    expect([all.status, all.json.error.code, all.json.error.type]).toEqual([502, 'refresh_failed', 'server_error'])
    expect(all.json.error.message).toContain('2 of 2')
    expect(all.json.error.message).toContain('kimi:1: credential_rejected')
    expect(all.json.error.message).toMatch(/kimi:2: \w+/)
    const one = await post('kimi:1/refresh')
    expect([one.status, one.json.error.message]).toEqual([502, expect.stringContaining('kimi:1: credential_rejected')])
    expect((await ask('updater?provider=kimi')).json.providers[0]).toMatchObject({ last_error: expect.any(String) })
    await ask('stats')
  })
})

test('the updater says of each provider whether it renews, what it has done, and what is next', async () => {
  const { json } = await ask('updater')
  expect(json).toEqual({
    providers: [
      { id: 'zai', status: 'disabled', update_count: 0, error_count: 0, consecutive_auth_failures: 0 },
      { id: 'kimi', status: 'idle', update_count: 0, error_count: 0, consecutive_auth_failures: 0 },
    ],
  })
  const gate = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  signIn = async ({ id }) => {
    started.resolve()
    await gate.promise
    return { id, values: { token: new Secret(secrets.session ?? '') }, expiresAt: clock.now() + 3_600_000 }
  }
  const refreshed = post('kimi:1/refresh')
  await started.promise
  expect((await ask('updater?provider=kimi')).json.providers[0].status).toBe('running')
  expect((await ask('kimi:1')).json.is_refreshing).toBe(true)
  gate.resolve()
  expect((await refreshed).json.expires_at).toBe('2026-01-01T01:00:00.000Z')
  expect((await ask('updater?provider=kimi')).json.providers[0]).toMatchObject({
    status: 'idle',
    last_update: '2026-01-01T00:00:00.000Z',
    update_count: 1,
  })
})

test('a wrong method is a 405 that names the right ones, and no preflight among them', async () => {
  for (const [method, path, allowed] of [
    ['POST', 'stats', 'GET, HEAD'],
    ['GET', 'reset-all', 'POST'],
    ['DELETE', 'zai:1', 'GET, HEAD'],
    ['OPTIONS', 'zai:1/reset', 'POST'],
  ] as const) {
    const { status, headers } = await ask(path, undefined, method)
    expect([method, path, status, headers.allow]).toEqual([method, path, 405, allowed])
  }
  expect((await ask('stats', undefined, 'HEAD')).status).toBe(200)
})

test('/health counts credentials for who has the admin key, and for nobody else', async () => {
  zai.disable('zai:1')
  await fail(kimi, new DragomanError('credential_exhausted', 'out of money'))
  const held = await lease(zai)
  const health = async (headers: Record<string, string>) => {
    const { text, headers: told } = await rawRequest(server.url, { path: '/health', headers })
    answered.push(text)
    return { json: JSON.parse(text), told }
  }
  const plain = { status: 'healthy', timestamp: '2026-01-01T00:00:00.000Z', version: '0.0.0', uptime: 0 }
  expect((await health({})).json).toEqual(plain)
  expect((await health({ authorization: 'Bearer something' })).json).toEqual(plain)
  for (const name of ['authorization', 'x-api-key', 'x-admin-key']) {
    const { json, told } = await health({ [name]: name === 'authorization' ? `Bearer ${adminKey}` : adminKey })
    expect(told['cache-control']).toBe('no-store')
    expect(json).toEqual({
      ...plain,
      tokens: {
        total: 5,
        available: 3,
        cooling: 1,
        disabled: 1,
        in_flight: 1,
        providers: [
          { id: 'zai', total: 3, available: 2, cooling: 0, disabled: 1, in_flight: 1 },
          { id: 'kimi', total: 2, available: 1, cooling: 1, disabled: 0, in_flight: 0 },
        ],
      },
    })
  }
  held.settle({ kind: 'ok' })
})
