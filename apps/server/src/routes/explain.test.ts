import { Secret } from '@dragoman/core'
import { staticCredentials } from '@dragoman/gateway'
import { canary, leaked } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { greeter, rawRequest, startTestServer, type TestServer } from '../test-server.ts'

const secrets = { admin: canary('admin'), client: canary('client'), upstream: canary('upstream') }

let server: TestServer
let answered: string[]

beforeEach(async () => {
  answered = []
  const credentials = staticCredentials([{ id: 'greeter:1', values: { apiKey: new Secret(secrets.upstream) } }])
  const entry = { id: 'greeter', provider: greeter, credentials }
  server = await startTestServer(greeter, {
    admin: { key: new Secret(secrets.admin) },
    keys: [
      { name: 'team', key: new Secret(secrets.client), rights: { id: 'team', models: ['glm'] } },
      { name: 'old', key: new Secret(`${secrets.client}-old`), expiresAt: 1 },
    ],
    gatewayOptions: {
      providers: [entry],
      fallbackName: undefined,
      models: [
        { name: 'glm', aliases: ['z'], fallbacks: ['kimi'], deployments: [{ entry, model: 'glm-5' }] },
        { name: 'kimi', strategy: 'affinity', deployments: [{ entry, model: 'k3' }] },
        { name: 'kimi', variant: 'low', deployments: [{ entry, model: 'k3-low' }] },
      ],
    },
  })
})

afterEach(async () => {
  await server.stop()
  expect(leaked(secrets, [answered, server.logged])).toEqual([])
})

async function explain(body: unknown, headers: Record<string, string> = { 'x-admin-key': secrets.admin }) {
  const answer = await rawRequest(server.url, {
    method: 'POST',
    path: '/admin/explain',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  answered.push(answer.text)
  return { status: answer.status, json: JSON.parse(answer.text) }
}

test('tells whoever has the admin key where a request would go', async () => {
  expect(await explain({ model: 'z' })).toMatchObject({
    status: 200,
    json: {
      asked: 'z',
      name: 'glm',
      resolvedBy: 'alias',
      strategy: 'first',
      healthy: 2,
      fallbacks: [{ name: 'kimi', isKnown: true }],
      targets: [
        { provider: 'greeter', model: 'glm-5', state: 'ready', inFlight: 0, credentials: { ready: 1, out: [] } },
        { provider: 'greeter', model: 'k3', fallback: 'kimi' },
      ],
    },
  })
  expect(await explain({ model: 'kimi', variant: 'low' })).toMatchObject({
    json: { variant: 'low', targets: [{ model: 'k3-low' }] },
  })
})

test('with the name of a client key: what that key may not use, and that it is at its end', async () => {
  expect(await explain({ model: 'glm', key: 'team' })).toMatchObject({
    json: { key: 'team', isDenied: false, targets: [{ isPermitted: true }, { isPermitted: false }] },
  })
  expect((await explain({ model: 'kimi', key: 'team' })).json.isDenied).toBe(true)
  expect((await explain({ model: 'kimi', key: 'old' })).json).toMatchObject({ keyEnded: 'is expired', isDenied: false })
})

test.each([
  [{ model: 'glmm' }, 404, 'model_not_found', 'There is no model glmm; did you mean "glm"?'],
  [{ model: 'glm', variant: 'lo' }, 404, 'model_not_found', 'No model group has the variant lo; did you mean "low"?'],
  [{ model: 'glm', key: 'teem' }, 404, 'key_not_found', 'There is no client key "teem"; did you mean "team"?'],
  [{ modle: 'glm' }, 400, null, expect.stringContaining('model')],
  [{ model: '' }, 400, null, expect.stringContaining('model')],
  [[], 400, null, expect.anything()],
])('%j is refused', async (body, status, code, message) => {
  const refused = await explain(body)
  expect(refused.status).toBe(status)
  expect(refused.json.error.message).toEqual(message)
  if (code) expect(refused.json.error.code).toBe(code)
})

test('nobody else is told', async () => {
  expect((await explain({ model: 'glm' }, {})).status).toBe(401)
  expect((await explain({ model: 'glm' }, { 'x-api-key': secrets.client })).status).toBe(401)
})
