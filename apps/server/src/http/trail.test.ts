import { type AttemptEntry, DragomanError, type Provider, Secret } from '@dragoman/core'
import { staticCredentials } from '@dragoman/gateway'
import { chatChunks, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'
import { trailOf } from './trail.ts'

const attempt: AttemptEntry = {
  provider: 'openai',
  model: 'gpt-5',
  credential: 'key-ab12',
  startedAt: 0,
  durationMs: 120,
  relayed: false,
  error: { code: 'rate_limited', message: 'sk-ab12 is out' },
}
const served = { ...attempt, provider: 'azure', credential: 'key-77', durationMs: 812, error: undefined }

test.each<[string, string, string]>([
  ['two calls', trailOf([attempt, served]), 'openai/gpt-5 key-ab12 rate_limited 120ms, azure/gpt-5 key-77 ok 812ms'],
  ['no call', trailOf([]), ''],
  ['one that is under way', trailOf([], { provider: 'a', model: 'm' }), 'a/m - serving'],
  [
    'what was peculiar to a call',
    trailOf([{ ...served, credential: undefined, fallback: 'spare', hedge: true, continues: true }]),
    'azure/gpt-5 - ok 812ms fallback=spare hedge continues',
  ],
  [
    'names that hold anything',
    trailOf([{ ...served, model: 'a, b\r\nx: é', credential: 'k,1' }]),
    'azure/a%2C%20b%0D%0Ax:%20%C3%A9 k%2C1 ok 812ms',
  ],
])('%s are told', (_what, trail, expected) => {
  expect(trail).toBe(expected)
})

test('a trail is bounded, and says what it leaves out', () => {
  const trail = trailOf(Array.from({ length: 1_000 }, () => ({ ...attempt, model: 'm'.repeat(200) })))
  expect(trail.length).toBeLessThanOrEqual(2_048)
  expect(trail).toMatch(/ 120ms, and 99\d more$/)
})

describe('over HTTP', () => {
  const provider = (id: string, chat: Provider['chat']) => ({
    id,
    provider: { id, chat, close: async () => {} },
    credentials: staticCredentials([{ id: `${id}-key`, values: { apiKey: new Secret('sk-secret') } }]),
  })
  // biome-ignore lint/correctness/useYield: it fails before its first chunk
  const down = provider('down', async function* () {
    throw new DragomanError('upstream_unavailable', 'No connection')
  })
  const up = provider('up', async function* () {
    yield* chatChunks({ text: 'Hi', usage: tokens(1, 2) })
  })
  const deploymentsOf = (...entries: (typeof up)[]) => entries.map((entry) => ({ entry, model: 'gpt' }))
  const models = [
    { name: 'both', deployments: deploymentsOf(down, up) },
    { name: 'none', deployments: deploymentsOf(down, provider('gone', down.provider.chat)) },
  ]
  // One for each question: a target that fails often is asked last.
  const start = () =>
    startTestServer(up.provider, { gatewayOptions: { providers: [down, up], models, limits: { attempts: 2 } } })

  const messages = [{ role: 'user', content: 'x' }]
  const asked: [path: string, body: object][] = [
    ['/v1/chat/completions', { messages }],
    ['/v1/responses', { input: 'x' }],
    ['/v1/messages', { messages, max_tokens: 100 }],
  ]
  const told: [body: object, status: number, trail: RegExp][] = [
    [{ model: 'both' }, 200, /^down\/gpt down-key upstream_unavailable \d+ms, up\/gpt up-key ok \d+ms$/],
    [{ model: 'both', stream: true }, 200, /^down\/gpt down-key upstream_unavailable \d+ms, up\/gpt - serving$/],
    ...[false, true].map((stream): [object, number, RegExp] => [
      { model: 'none', stream },
      502,
      /^down\/gpt down-key upstream_unavailable \d+ms, gone\/gpt gone-key upstream_unavailable \d+ms$/,
    ]),
  ]

  const ask = async (
    { url }: TestServer,
    path: string,
    body: object,
    headers: Record<string, string> = { 'x-gateway-attempts': 'on' },
  ) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
    const answer = await fetch(`${url}${path}`, { ...init, body: JSON.stringify(body) })
    return { status: answer.status, trail: answer.headers.get('x-gateway-attempts'), text: await answer.text() }
  }

  describe.each(asked)('%s', (path, body) => {
    test.each(told)('%j is answered with %d and %s', async (more, status, trail) => {
      await using server = await start()
      const answer = await ask(server, path, { ...body, ...more })
      expect(answer).toMatchObject({ status, trail: expect.stringMatching(trail) })
      const names = 'tried: down: upstream_unavailable, gone: upstream_unavailable'
      expect(answer.text.includes(names)).toBe(status === 502)
    })
  })

  test.each([{ asks: {} }, { asks: { 'x-gateway-attempts': 'off' } }])(
    'nobody is told with $asks',
    async ({ asks }) => {
      await using server = await start()
      for (const model of ['both', 'none']) {
        expect((await ask(server, '/v1/chat/completions', { messages, model }, asks)).trail).toBeNull()
      }
    },
  )

  test('the line of a request with several calls has them', async () => {
    await using server = await start()
    const { logged } = server
    await ask(server, '/v1/chat/completions', { messages, model: 'both' })
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({
      attempts: 2,
      trail: expect.stringMatching(/^down\/gpt down-key upstream_unavailable \d+ms, up\/gpt up-key ok \d+ms$/),
    })
    await ask(server, '/v1/chat/completions', { messages, model: 'up/gpt' })
    expect(JSON.parse(logged.at(-1) ?? '').trail).toBeUndefined()
    expect(logged.join('')).not.toContain('sk-secret')
  })
})
