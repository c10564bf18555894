import { type ClientRights, memoryKeys, Secret } from '@dragoman/core'
import { canary, type HandClock, handClock, leaked } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../http/authenticate.ts'
import { MadeKeys } from '../made-keys.ts'
import { greeter, rawRequest, startTestServer, type TestServer } from '../test-server.ts'

const adminKey = canary('admin')
const configured = canary('key-of-the-file')
const limits: ClientRights = { id: 'team', models: ['a*'], budget: { day: 5 } }

let clock: HandClock
let server: TestServer
let made: MadeKeys
let secrets: Record<string, string>
/** Everything that was answered but to who made a key. */
let answered: string[]

beforeEach(async () => {
  clock = handClock()
  const store = memoryKeys()
  made = new MadeKeys({ place: { stamp: () => 'memory', open: async () => store }, clock, log: { warn() {} } })
  secrets = { adminKey, configured }
  answered = []
  server = await startTestServer(greeter, {
    admin: { key: new Secret(adminKey) },
    keys: [{ name: 'team', key: new Secret(configured), rights: limits, expiresAt: clock.now() + 1_000 }],
    madeKeys: made,
    clock,
  })
})

afterEach(async () => {
  await server.stop()
  await made.close()
  expect(leaked(secrets, [answered, server.logged])).toEqual([])
})

async function ask(method: string, path: string, body?: unknown) {
  const answer = await rawRequest(server.url, {
    method,
    path: `/admin/keys${path}`,
    headers: { 'x-admin-key': adminKey, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const json = JSON.parse(answer.text)
  if (typeof json.key === 'string') {
    secrets[json.id] = json.key
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      secrets[`${json.id} ${form}`] = digestOf(json.key).toString(form)
    }
    answered.push(JSON.stringify({ ...json, key: undefined }))
  } else answered.push(answer.text)
  return { status: answer.status, json }
}

async function make(body: unknown = {}): Promise<{ id: string; key: string }> {
  const { status, json } = await ask('POST', '', body)
  expect([status, json.error]).toEqual([200, undefined])
  return json
}

const useOf = async (key: string): Promise<number> =>
  (await rawRequest(server.url, { path: '/v1/models', headers: { authorization: `Bearer ${key}` } })).status

const everything = {
  name: 'ci',
  models: ['glm-*'],
  requests_per_minute: 60,
  tokens_per_minute: 1_000,
  budget: { day: 0.5, month: 5, tokens_per_day: 10, tokens_per_month: 100, time_zone: 'Europe/Oslo' },
  allow: { hosted_tools: true },
  expires_at: '2027-01-31T18:00:00.000Z',
}

test('a key is made, shown once, and works at once', async () => {
  const { id, key, ...rest } = await make(everything)
  expect(key).toMatch(/^dk_[\w-]{43}$/)
  expect(rest).toEqual({
    ...everything,
    hint: `dk_…${key.slice(-4)}`,
    state: 'active',
    created_at: new Date(clock.now()).toISOString(),
  })
  expect(await useOf(key)).toBe(200)
  expect((await ask('GET', `/${id}`)).json).toEqual({ id, ...rest })
  expect((await ask('GET', '')).json.keys).toEqual([{ id, ...rest }])
})

test('what PATCH says is changed, null takes a limit away, and all of it counts at once', async () => {
  const { id, key } = await make(everything)
  const changed = await ask('PATCH', `/${id}`, {
    name: null,
    models: null,
    budget: { day: null },
    requests_per_minute: 5,
  })
  expect(changed.json).toMatchObject({ requests_per_minute: 5, tokens_per_minute: 1_000 })
  expect(changed.json.budget).toEqual({ month: 5, tokens_per_day: 10, tokens_per_month: 100, time_zone: 'Europe/Oslo' })
  expect([changed.json.name, changed.json.models]).toEqual([undefined, undefined])
  expect(await useOf(key)).toBe(200)
  expect((await ask('PATCH', `/${id}`, { disabled: true })).json.state).toBe('disabled')
  expect(await useOf(key)).toBe(401)
  expect((await ask('PATCH', `/${id}`, { disabled: false })).json.state).toBe('active')
  expect(await useOf(key)).toBe(200)
})

test('DELETE revokes for good, and may be repeated', async () => {
  const { id, key } = await make()
  // After that what was made is no news, and the key is remembered: only the revocation itself can end it.
  await ask('GET', `/${id}`)
  expect(await useOf(key)).toBe(200)
  const revoked = await ask('DELETE', `/${id}`)
  expect([revoked.status, revoked.json.state]).toEqual([200, 'revoked'])
  expect(await useOf(key)).toBe(401)
  await clock.advance(1_000)
  expect((await ask('DELETE', `/${id}`)).json).toEqual(revoked.json)
  expect(await ask('PATCH', `/${id}`, { disabled: false })).toMatchObject({
    status: 400,
    json: { error: { code: 'key_revoked' } },
  })
  expect(await useOf(key)).toBe(401)
})

test('keys of the configuration are shown, and can only be looked at', async () => {
  const shown = {
    id: 'team',
    state: 'active',
    models: ['a*'],
    budget: { day: 5, time_zone: 'UTC' },
    expires_at: new Date(clock.now() + 1_000).toISOString(),
  }
  expect((await ask('GET', '')).json).toEqual({ configured: [shown], keys: [] })
  expect((await ask('GET', '/team')).json).toEqual(shown)
  for (const [method, body] of [['PATCH', { models: null }], ['DELETE']] as const) {
    expect(await ask(method, '/team', body)).toMatchObject({
      status: 400,
      json: { error: { code: 'key_read_only', message: expect.stringContaining('configuration') } },
    })
  }
})

test('the list comes in pages, the newest first', async () => {
  const ids = []
  for (let n = 0; n < 3; n++) ids.unshift((await make()).id)
  const first = (await ask('GET', '?limit=2')).json
  expect([first.keys.map(({ id }: { id: string }) => id), first.next]).toEqual([ids.slice(0, 2), ids[1]])
  const second = (await ask('GET', `?limit=2&after=${first.next}`)).json
  expect([second.keys.map(({ id }: { id: string }) => id), second.next]).toEqual([ids.slice(2), undefined])
  for (const limit of ['0', '1001', 'x', '']) {
    expect(await ask('GET', `?limit=${limit}`)).toMatchObject({ status: 400, json: { error: { param: 'limit' } } })
  }
})

test.each<[unknown, string]>([
  [[], ''],
  ['x', ''],
  [{ nmae: 'x' }, ''],
  [{ id: 'ck_1' }, ''],
  [{ key: 'dk_mine' }, ''],
  [{ hash: 'x' }, ''],
  [{ role: 'admin' }, ''],
  [{ name: '' }, 'name'],
  [{ name: 5 }, 'name'],
  [{ models: 'a' }, 'models'],
  [{ models: ['a*b'] }, 'models[0]'],
  [{ models: [''] }, 'models[0]'],
  [{ requests_per_minute: 0 }, 'requests_per_minute'],
  [{ requests_per_minute: '60' }, 'requests_per_minute'],
  [{ tokens_per_minute: 1.5 }, 'tokens_per_minute'],
  [{ budget: { day: 0 } }, 'budget.day'],
  [{ budget: { month: -1 } }, 'budget.month'],
  [{ budget: { tokens_per_day: 0.5 } }, 'budget.tokens_per_day'],
  [{ budget: { time_zone: 'Mars' } }, 'budget.time_zone'],
  [{ budget: { week: 1 } }, 'budget'],
  [{ allow: { everything: true } }, 'allow'],
  [{ allow: true }, 'allow'],
  [{ expires_at: 'soon' }, 'expires_at'],
  [{ expires_at: 5 }, 'expires_at'],
])('the body %j is refused, and the field named: %j', async (body, param) => {
  const { id } = await make()
  for (const [method, path] of [
    ['POST', ''],
    ['PATCH', `/${id}`],
  ] as const) {
    const { status, json } = await ask(method, path, body)
    expect([method, status, json.error.type]).toEqual([method, 400, 'invalid_request_error'])
    expect(json.error.param ?? '').toContain(param)
  }
  expect((await ask('GET', '')).json.keys).toHaveLength(1)
})

test.each(['ck_0', '%27%3B%20DROP%20TABLE', 'a%00b', '__proto__', 'x'.repeat(5_000)])(
  'there is no key %.20s',
  async (id) => {
    await make()
    for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
      expect(await ask(method, `/${id}`, body)).toMatchObject({
        status: 404,
        json: { error: { code: 'key_not_found' } },
      })
    }
  },
)

describe('a key with a parent', () => {
  const wider: readonly [Record<string, unknown>, string][] = [
    [{ models: ['glm*'] }, 'models'],
    [{ models: null }, 'models'],
    [{ requests_per_minute: 61 }, 'requests_per_minute'],
    [{ requests_per_minute: null }, 'requests_per_minute'],
    [{ tokens_per_minute: 1_001 }, 'tokens_per_minute'],
    [{ budget: { day: 0.51 } }, 'budget.day'],
    [{ budget: { month: null } }, 'budget.month'],
    [{ budget: null }, 'budget.day'],
    [{ budget: { tokens_per_month: 101 } }, 'budget.tokens_per_month'],
    [{ budget: { time_zone: 'UTC' } }, 'budget.time_zone'],
    [{ expires_at: '2027-01-31T18:00:00.001Z' }, 'expires_at'],
    [{ expires_at: null }, 'expires_at'],
    [{ allow: { hosted_tools: true } }, 'allow.hosted_tools'],
  ]
  const parent = { ...everything, allow: { hosted_tools: false } }

  test.each(wider)('cannot be made with %j, nor changed to it', async (body, param) => {
    const { id } = await make(parent)
    const child = await make({ parent: id })
    for (const [method, path, more] of [
      ['POST', '', { parent: id }],
      ['PATCH', `/${child.id}`, {}],
    ] as const) {
      const { status, json } = await ask(method, path, { ...body, ...more })
      expect([method, status, json.error.param, json.error.code]).toEqual([method, 403, param, 'wider_than_parent'])
    }
    const { key: _, ...before } = child
    expect((await ask('GET', `/${child.id}`)).json).toEqual(before)
  })

  test('has what its parent has where nothing is said, and keeps its parent', async () => {
    const { id } = await make(parent)
    const child = await make({ parent: id, name: 'child', requests_per_minute: 5 })
    expect(child).toMatchObject({ ...parent, name: 'child', requests_per_minute: 5, parent: id })
    expect((await ask('PATCH', `/${child.id}`, { parent: null })).status).toBe(400)
    expect((await ask('PATCH', `/${child.id}`, { requests_per_minute: 60, name: 'more' })).status).toBe(200)
  })

  test('ends with its parent', async () => {
    const { id } = await make()
    const child = await make({ parent: (await make({ parent: id })).id })
    expect(await useOf(child.key)).toBe(200)
    await ask('PATCH', `/${id}`, { disabled: true })
    expect(await useOf(child.key)).toBe(401)
    await ask('PATCH', `/${id}`, { disabled: false })
    expect(await useOf(child.key)).toBe(200)
    await ask('DELETE', `/${id}`)
    expect(await useOf(child.key)).toBe(401)
    expect(await ask('POST', '', { parent: id })).toMatchObject({ status: 400, json: { error: { param: 'parent' } } })
    expect(await ask('POST', '', { parent: 'ck_none' })).toMatchObject({
      status: 400,
      json: { error: { param: 'parent' } },
    })
  })
})
