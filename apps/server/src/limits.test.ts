import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handClock, tokens } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adminKey, clientKey, startLimited } from './test-limits-rig.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-limits-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50 }
/** What is reserved for `chat`. */
const reservation = 52

test('two hundred clients at once on a budget for fifty requests', async () => {
  const budget = 50 * reservation
  await using rig = await startLimited({ budget: { tokensPerDay: budget } })
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => rig.post('/v1/chat/completions', { ...chat, stream: i % 2 === 0 })),
  )
  const served = answers.filter(({ status }) => status === 200).length
  expect(served).toBe(50)
  expect(rig.upstream.requests).toHaveLength(served)
  for (const { status, error, headers } of answers) {
    if (status === 200) continue
    expect(error).toMatchObject({ code: 'insufficient_quota', message: expect.stringContaining('opens again at') })
    expect(headers.get('x-should-retry')).toBe('false')
  }
}, 20_000)

test('two servers on one ledger share one budget', async () => {
  const rights = { budget: { tokensPerDay: 10 * reservation } }
  await using one = await startLimited(rights, { folder })
  await using two = await startLimited(rights, { folder })
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).post('/v1/chat/completions', chat)),
  )
  const served = answers.filter(({ status }) => status === 200).length
  expect(one.upstream.requests.length + two.upstream.requests.length).toBe(served)
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThanOrEqual(10)
})

test('a budget outlives a restart', async () => {
  const rights = { budget: { tokensPerDay: reservation + 1 } }
  {
    await using rig = await startLimited(rights, { folder })
    expect((await rig.post('/v1/chat/completions', chat)).status).toBe(200)
  }
  await using rig = await startLimited({ budget: { tokensPerDay: reservation } }, { folder })
  const { status, error } = await rig.post('/v1/chat/completions', chat)
  expect([status, error?.message]).toEqual([429, expect.stringContaining('52 are used, 0 reserved')])
})

const hello = [{ role: 'user', content: 'Hello' }]
test('what is left of the rates stands in every answer, whole, streamed and refused', async () => {
  await using rig = await startLimited({ requestsPerMinute: 2, tokensPerMinute: 1_000 }, { clock: handClock() })
  const told = (headers: Headers) =>
    ['limit', 'remaining', 'reset'].flatMap((what) =>
      ['requests', 'tokens'].map((of) => headers.get(`x-ratelimit-${what}-${of}`)),
    )
  const whole = await rig.post('/v1/chat/completions', chat)
  expect(told(whole.headers)).toEqual(['2', '1000', '1', '948', '1m1s', '1m1s'])
  const streamed = await rig.post('/v1/chat/completions', { ...chat, stream: true })
  expect(told(streamed.headers).slice(0, 3)).toEqual(['2', '1000', '0'])
  const refused = await rig.post('/v1/chat/completions', chat)
  expect([refused.status, refused.error?.code]).toEqual([429, 'rate_limit_exceeded'])
  expect(told(refused.headers).slice(0, 3)).toEqual(['2', '1000', '0'])
  expect(refused.headers.get('retry-after')).toBe('60')
})

test('on Messages they have the names that its SDKs read', async () => {
  const clock = handClock()
  await using rig = await startLimited({ requestsPerMinute: 1 }, { clock })
  const ask = () => rig.post('/v1/messages', { model: 'm', messages: hello, max_tokens: 5 })
  const told = (headers: Headers) => [...headers].filter(([name]) => name.includes('ratelimit'))
  const expected = [
    ['anthropic-ratelimit-requests-limit', '1'],
    ['anthropic-ratelimit-requests-remaining', '0'],
    ['anthropic-ratelimit-requests-reset', '2026-01-01T00:01:01.000Z'],
  ]
  const first = await ask()
  expect([first.status, told(first.headers)]).toEqual([200, expected])
  const second = await ask()
  expect([second.status, told(second.headers)]).toEqual([429, expected])
  expect(second.headers.get('retry-after')).toBe('60')
})

test('an operator sees what was used, by day, client, provider and model', async () => {
  await using rig = await startLimited({}, { priceOf: () => ({ input: 1, output: 2 }), used: tokens(1_000, 500) })
  await rig.post('/v1/chat/completions', chat)
  await rig.post('/v1/chat/completions', { ...chat, model: 'dear', stream: true })
  const usage = async (query: string) => {
    const headers = { authorization: `Bearer ${adminKey}` }
    const response = await fetch(`${rig.server.url}/admin/usage${query}`, { headers })
    return { status: response.status, body: (await response.json()) as { usage: unknown; error: unknown } }
  }
  const sum = {
    requests: 1,
    prompt_tokens: 1_000,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    completion_tokens: 500,
    reasoning_tokens: 0,
    cost_usd: 0.002,
    unpriced_calls: 0,
    estimated_calls: 0,
  }
  expect((await usage('?by=client,provider,model')).body.usage).toEqual([
    { client: 'team', provider: 'acme', model: 'dear-up', ...sum },
    { client: 'team', provider: 'acme', model: 'up', ...sum },
  ])
  expect((await usage('')).body.usage).toMatchObject([{ requests: 2, cost_usd: 0.004 }])
  expect((await usage('?to=2026-01-01&from=2025-01-01')).body.usage).toEqual([])
  expect(await usage('?by=colour')).toMatchObject({ status: 400, body: { error: { param: 'by' } } })
  expect(await usage('?from=yesterday')).toMatchObject({ status: 400, body: { error: { param: 'from' } } })
  expect(
    (await fetch(`${rig.server.url}/admin/usage`, { headers: { authorization: `Bearer ${clientKey}` } })).status,
  ).toBe(401)
})

test('a ledger that cannot be opened stops no answer, and budgets hold all the same', async () => {
  await writeFile(join(folder, 'a-file'), '')
  await using rig = await startLimited(
    { budget: { tokensPerDay: 2 * reservation } },
    { folder: join(folder, 'a-file', 'store') },
  )
  const statuses = []
  for (let i = 0; i < 3; i++) statuses.push((await rig.post('/v1/chat/completions', chat)).status)
  expect(statuses).toEqual([200, 200, 429])
  expect(rig.warnings).toEqual([expect.stringMatching(/ledger\.db cannot be used: .*budgets are counted in memory/)])
})
