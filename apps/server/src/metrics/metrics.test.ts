import type { LogEntry } from '@dragoman/core'
import { canary, chatChunks, completion, errorReply, eventStream, gate, leaked, sse, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { testFolder } from '../config/test-folder.ts'
import { adminKey, startObserved, startService } from '../test-observed-rig.ts'
import { rawRequest } from '../test-server.ts'
import { exposed } from './exposition.ts'
import { Counter, gauge } from './registry.ts'
import { RequestMetrics } from './request-metrics.ts'
import { parseMetrics } from './test-parse-metrics.ts'

const folder = testFolder()

const secrets = { upstream: canary('u1'), admin: adminKey }

const yaml = (origin: string) => `
providers:
  acme: { type: openai-compatible, baseUrl: ${origin}, credentials: [{ apiKey: ${secrets.upstream} }] }
models:
  - { name: main, aliases: [alias], deployments: [{ provider: acme, model: up, price: { input: 1, output: 2 } }] }
  - { name: 'local/*', deployments: [{ provider: acme }] }
limits: { attempts: 2 }
`

test('fault 66: /metrics is for who has the admin key, and tells what requests came to', async () => {
  const upstream = await startService()
  await using rig = await startObserved(folder, yaml, { upstream })
  const usage = {
    ...tokens(100, 20),
    prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 5 },
  }
  upstream.script(completion({ text: 'hi', usage }), errorReply(400, 'No'))
  await (await rig.ask('alias')).text()
  await (await rig.ask('main')).text()
  await (await rig.ask('local/what-a-client-wrote')).text()
  await (await rig.ask('acme/free')).text()
  await (await rig.ask('what-clients-guess')).text()
  const without = await fetch(`${rig.server.url}/metrics`)
  expect([without.status, (await without.text()).includes('dragoman_')]).toEqual([401, false])
  expect((await rig.scrape({ 'x-api-key': 'wrong' })).status).toBe(401)

  const { status, type, text } = await rig.scrape()
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const { types, samples } = parseMetrics(text)
  const of = (start: string) => Object.fromEntries([...samples].filter(([key]) => key.startsWith(start)))
  const served = (model: string, more: string) =>
    `dragoman_requests_total{dialect="openai-chat",model="${model}",${more}}`
  expect(of('dragoman_requests_total')).toEqual({
    [served('main', 'provider="acme",status="2xx",code=""')]: 1,
    [served('main', 'provider="acme",status="4xx",code="invalid_request"')]: 1,
    [served('local/*', 'provider="acme",status="2xx",code=""')]: 1,
    [served('acme/free', 'provider="acme",status="2xx",code=""')]: 1,
    [served('other', 'provider="",status="4xx",code="model_not_found"')]: 1,
  })
  expect(of('dragoman_tokens_total{provider="acme",target="acme/up"')).toEqual({
    'dragoman_tokens_total{provider="acme",target="acme/up",kind="prompt"}': 100,
    'dragoman_tokens_total{provider="acme",target="acme/up",kind="cached"}': 40,
    'dragoman_tokens_total{provider="acme",target="acme/up",kind="written"}': 10,
    'dragoman_tokens_total{provider="acme",target="acme/up",kind="completion"}': 20,
    'dragoman_tokens_total{provider="acme",target="acme/up",kind="reasoning"}': 5,
  })
  expect(samples.get('dragoman_cost_usd_total{provider="acme",target="acme/up"}')).toBeGreaterThan(0)
  expect(of('dragoman_attempts_total{provider="acme",target="acme/up"')).toEqual({
    'dragoman_attempts_total{provider="acme",target="acme/up",outcome="ok"}': 1,
    'dragoman_attempts_total{provider="acme",target="acme/up",outcome="invalid_request"}': 1,
  })
  expect(samples.get('dragoman_request_duration_seconds_count{model="main",provider="acme"}')).toBe(2)
  expect(samples.get('dragoman_request_duration_seconds_bucket{model="main",provider="acme",le="+Inf"}')).toBe(2)
  expect(samples.get('dragoman_first_token_seconds_count{model="main",provider="acme"}')).toBe(1)
  expect(samples.get('dragoman_http_responses_total{status="401"}')).toBe(2)
  expect(samples.get('dragoman_http_responses_total{status="200"}')).toBe(3)
  expect(samples.get('dragoman_credentials{provider="acme",state="ready"}')).toBe(1)
  expect(types.get('dragoman_request_duration_seconds')).toBe('histogram')
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
    expect(samples.get(name)).toBeGreaterThan(0)
  }
  expect(leaked(secrets, text)).toEqual([])
})

test('OpenMetrics is for who asks for it', async () => {
  await using rig = await startObserved(folder, yaml)
  await (await rig.ask('main')).text()
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1'
  const { type, text } = await rig.scrape({ accept })
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  const { types, samples } = parseMetrics(text, { isOpen: true })
  expect(types.get('dragoman_retries')).toBe('counter')
  const buckets = [...samples.keys()].filter((key) => key.startsWith('dragoman_request_duration_seconds_bucket'))
  expect(buckets.some((key) => key.endsWith('le="1.0"}'))).toBe(true)
  expect((await rig.scrape({ accept: 'text/plain;q=1,application/openmetrics-text;q=0.1' })).type).toMatch(
    /^text\/plain/,
  )
})

test('what is under way, credentials that rest, and targets that do', async () => {
  const upstream = await startService(errorReply(500, 'Later'))
  const held = gate()
  const [head, first, ...rest] = chatChunks({ text: ['a', 'b'] })
  await using rig = await startObserved(folder, (origin) => yaml(origin).replace('attempts: 2', 'attempts: 1'), {
    upstream,
  })
  for (let n = 0; n < 3; n++) await (await rig.ask('main')).text()
  upstream.script(eventStream([...sse(head, first), held, ...sse(...rest, '[DONE]')]), errorReply(401, 'No'))
  const answer = await rig.ask('local/x', { stream: true })
  const during = parseMetrics((await rig.scrape()).text).samples
  expect(during.get('dragoman_requests_in_flight')).toBe(1)
  expect(during.get('dragoman_streams_open')).toBe(1)
  expect(during.get('dragoman_leases_in_flight{provider="acme"}')).toBe(1)
  expect(during.get('dragoman_targets{provider="acme",state="resting"}')).toBe(1)
  held.open()
  await answer.text()
  await (await rig.ask('local/x')).text()
  const after = parseMetrics((await rig.scrape()).text).samples
  expect([after.get('dragoman_requests_in_flight'), after.get('dragoman_streams_open')]).toEqual([0, 0])
  expect(after.get('dragoman_credentials{provider="acme",state="cooling"}')).toBe(1)
})

test('an address of its own answers without a key, and only for /metrics and this machine', async () => {
  await using rig = await startObserved(folder, (origin) => `${yaml(origin)}\nmetrics: { port: 0 }`)
  const { metricsUrl = '' } = rig.server
  const { origin } = new URL(metricsUrl)
  const answer = await fetch(metricsUrl)
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(parseMetrics(await answer.text()).samples.size).toBeGreaterThan(10)
  expect((await fetch(`${origin}/admin/config`)).status).toBe(404)
  expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405)
  const stranger = await rawRequest(origin, { path: '/metrics', headers: { host: 'evil.example' } })
  expect([stranger.status, stranger.text.includes('dragoman_')]).toEqual([403, false])
})

test('an address that others reach has to be wanted, and one that is taken is named', async () => {
  const problems = await folder.problems('metrics: { host: 0.0.0.0, port: 9464 }')
  expect(problems).toEqual([
    expect.stringMatching(/^dragoman\.yaml:1: metrics\.host: .*without a key.*onNetwork: true/),
  ])
  expect((await folder.load('metrics: { host: 0.0.0.0, port: 9464, onNetwork: true }')).metrics).toEqual({
    host: '0.0.0.0',
    port: 9464,
  })
  await using taken = await startService()
  const start = startObserved(folder, (origin) => `${yaml(origin)}\nmetrics: { port: ${taken.port} }`)
  await expect(start).rejects.toThrow(`metrics: 127.0.0.1:${taken.port} cannot be listened on: EADDRINUSE`)
})

const entry: LogEntry = {
  id: 'req_1',
  startedAt: 0,
  durationMs: 1_200,
  dialect: 'openai-chat',
  client: 'open',
  model: 'main',
  streamed: true,
  status: 200,
  firstTokenMs: 200,
  attempts: [{ provider: 'acme', model: 'up', startedAt: 0, durationMs: 1_200, relayed: true, usage: tokens(10, 5) }],
  dropped: [],
}
const attempt = entry.attempts[0] as LogEntry['attempts'][number]

function families(entries: readonly LogEntry[]) {
  const metrics = new RequestMetrics()
  metrics.configure([{ name: 'main', deployments: [{ provider: 'acme', model: 'up' }] }], ['acme'])
  for (const each of entries) metrics.add(each)
  return parseMetrics(exposed(metrics.families, undefined).text).samples
}

test('names break no line, and those that clients write make few series', () => {
  const hostile = 'up"} 1\nevil_total{a="\\n\u202e\ud800'
  const named = (model: string, error?: LogEntry['error']): LogEntry => ({
    ...entry,
    model,
    error,
    attempts: [{ ...attempt, model, error }],
  })
  const failed = { code: 'deployment_not_found', message: 'No' } as const
  const samples = families([
    named(hostile),
    ...Array.from({ length: 1_000 }, (_, n) => named(`served-${n}`)),
    ...Array.from({ length: 1_000 }, (_, n) => named(`guessed-${n}`, failed)),
    { ...named('x'.repeat(500)), attempts: [] },
    named('main'),
  ])
  const requests = [...samples].filter(([key]) => key.startsWith('dragoman_requests_total'))
  expect(requests.length).toBeLessThan(210)
  expect(requests.map(([key]) => key).join()).not.toMatch(/guessed|xxx/)
  expect(requests.reduce((sum, [, count]) => sum + count, 0)).toBe(2_003)
  // Those of the configuration have their place whatever came before.
  expect(requests.map(([key]) => key)).toContainEqual(expect.stringContaining('model="main"'))
  const odd = [...samples.keys()].filter((key) => key.includes('evil'))
  expect(odd).not.toEqual([])
  expect(odd.every((key) => key.includes('up"} 1\ufffdevil_total{a="\\n\ufffd\ufffd"'))).toBe(true)
})

test('every kind of call is counted for what it is', () => {
  const failed = { ...attempt, error: { code: 'upstream_unavailable', message: 'Away' } } as const
  const samples = families([
    { ...entry, attempts: [failed, attempt, { ...attempt, hedge: true }] },
    { ...entry, attempts: [failed, { ...attempt, continues: true }] },
    { ...entry, attempts: [failed, { ...attempt, fallback: 'other-group' }] },
    { ...entry, attempts: [{ ...attempt, rounds: 3, toolEnforcement: 'exhausted' }] },
    { ...entry, attempts: [], answeredBy: 'cache' },
    { ...entry, attempts: [], answeredBy: 'idempotency' },
    { ...entry, status: 499, attempts: [failed], error: { code: 'aborted', message: 'Left' } },
  ])
  const of = (name: string) => samples.get(`dragoman_${name}`)
  expect([of('retries_total{model="main"}'), of('hedges_total{model="main"}')]).toEqual([2, 1])
  expect([of('continuations_total{model="main"}'), of('fallbacks_total{model="main"}')]).toEqual([1, 1])
  expect(of('tool_call_rounds_total{model="main"}')).toBe(2)
  expect(of('tool_calls_exhausted_total{model="main"}')).toBe(1)
  expect(of('kept_answers_total{model="main",by="cache"}')).toBe(1)
  expect(of('kept_answers_total{model="main",by="idempotency"}')).toBe(1)
  expect(of('attempts_total{provider="acme",target="acme/up",outcome="upstream_unavailable"}')).toBe(4)
  expect(of('request_duration_seconds_bucket{model="main",provider="acme",le="1"}')).toBe(0)
  expect(of('request_duration_seconds_bucket{model="main",provider="acme",le="2.5"}')).toBe(5)
  expect(of('request_duration_seconds_sum{model="main",provider="acme"}')).toBeCloseTo(6)
})

test('a family keeps so many series and no more', () => {
  const counter = new Counter({ name: 'c_total', help: 'Help \\ and\nmore', labels: ['a', 'b'] })
  for (let n = 0; n < 6_000; n++) counter.of(`a${n}`, 'b').add(1)
  const { samples } = parseMetrics(exposed([counter, gauge('empty', 'Nothing')], undefined).text)
  expect(samples.size).toBe(5_001)
  expect(samples.get('c_total{a="other",b="other"}')).toBe(1_000)
})
