import {
  canary,
  completion,
  errorReply,
  type FakeUpstream,
  jsonReply,
  leaked,
  startFakeUpstream,
  tokens,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { testFolder } from '../config/test-folder.ts'
import { type ObservedRig, startObserved, startService } from '../test-observed-rig.ts'
import type { KeyValue, MetricsRequest, OtlpSpan, TraceRequest } from './otlp-messages.ts'
import { encodeMetrics, encodeTraces } from './otlp-protobuf.ts'
import { inside, messagesIn, readWire, textIn } from './test-protobuf.ts'
import { readTraceParent } from './traceparent.ts'

const folder = testFolder()

const secrets = {
  upstream: canary('u1'),
  collector: canary('k1'),
  prompt: canary('p1'),
  answer: canary('a1'),
  refusal: canary('r1'),
}

const batchMs = 5_000
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const yamlWith = (otlp: string) => (origin: string) =>
  `
providers:
  acme: { type: openai-compatible, baseUrl: ${origin}, credentials: [{ apiKey: ${secrets.upstream} }] }
models:
  - { name: main, deployments: [{ provider: acme, model: up, price: { input: 1, output: 2 } }] }
limits: { attempts: 2 }
${otlp}
`

async function startTraced(collector: FakeUpstream, more = '', service?: FakeUpstream): Promise<ObservedRig> {
  const headers = `{ x-collector-key: ${secrets.collector} }`
  const otlp = `telemetry: { otlp: { endpoint: '${collector.origin}/otlp/', headers: ${headers}, protocol: http/json${more} } }`
  return startObserved(folder, yamlWith(otlp), { upstream: service })
}

/** Lets a batch go, and gives what the collector got as its nth request. */
async function sent(rig: ObservedRig, collector: FakeUpstream, n = 1) {
  await rig.clock.armed(batchMs)
  await rig.clock.advance(batchMs)
  const request = await collector.received(n)
  const { resourceSpans } = JSON.parse(request.text) as TraceRequest
  return { request, spans: resourceSpans[0]?.scopeSpans[0]?.spans ?? [], resource: resourceSpans[0]?.resource }
}

function valuesOf(attributes: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined
          ? value.arrayValue?.values.map((each) => each.stringValue)
          : Number(value.intValue)),
    ]),
  )
}

test('fault 66: a request is a span that goes on where the client began, and each call one below it, without any text', async () => {
  await using collector = (await startFakeUpstream()).always(jsonReply({}))
  const service = await startService()
  const usage = { ...tokens(100, 20), prompt_tokens_details: { cached_tokens: 40 } }
  service.script(errorReply(500, secrets.refusal), completion({ text: secrets.answer, usage }))
  await using rig = await startTraced(collector, '', service)
  const asked = rig.ask(
    'main',
    { messages: [{ role: 'user', content: secrets.prompt }] },
    { traceparent, tracestate: 'a=b' },
  )
  await service.received(1)
  await rig.clock.advance(10_000) // the pause before the second call
  const answer = await asked
  await answer.text()
  const { request, spans, resource } = await sent(rig, collector)
  expect([request.path, request.headers['content-type']]).toEqual(['/otlp/v1/traces', 'application/json'])
  expect(request.headers['x-collector-key']).toBe(secrets.collector)
  expect(valuesOf(resource?.attributes)).toMatchObject({ 'service.name': 'dragoman' })

  const [root, first, second] = spans as [OtlpSpan, OtlpSpan, OtlpSpan]
  expect(spans).toHaveLength(3)
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', traceState: 'a=b' }
  expect(root).toMatchObject({ ...trace, parentSpanId: 'b7ad6b7169203331', name: 'chat main', kind: 2 })
  expect(root.status).toBeUndefined()
  expect(valuesOf(root.attributes)).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'main',
    'gen_ai.response.model': 'up',
    'gen_ai.response.finish_reasons': ['stop'],
    'http.response.status_code': 200,
    'dragoman.request.id': answer.headers.get('x-request-id'),
    'dragoman.attempts': 2,
  })
  const address = { 'server.address': '127.0.0.1', 'server.port': service.port }
  expect(first).toMatchObject({ ...trace, parentSpanId: root.spanId, name: 'chat up', kind: 3, status: { code: 2 } })
  expect(valuesOf(first.attributes)).toMatchObject({
    ...address,
    'error.type': 'upstream_unavailable',
    'http.response.status_code': 500,
    'dragoman.attempt.kind': 'first',
  })
  expect(second).toMatchObject({ ...trace, parentSpanId: root.spanId })
  expect(second.status).toBeUndefined()
  expect(valuesOf(second.attributes)).toMatchObject({
    ...address,
    'gen_ai.provider.name': 'acme',
    'gen_ai.request.model': 'up',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.usage.cache_read.input_tokens': 40,
    'dragoman.provider': 'acme',
    'dragoman.attempt.kind': 'retry',
  })
  // Whoever adds up spans counts every token once.
  expect(Object.keys(valuesOf(root.attributes)).filter((name) => name.includes('usage'))).toEqual([])
  const times = spans.map((span) => [span.startTimeUnixNano, span.endTimeUnixNano])
  for (const [start = '', end = ''] of times) expect(BigInt(end) >= BigInt(start)).toBe(true)
  expect(leaked(secrets, request.text)).toEqual([])
  // What a client has begun goes on to nobody else.
  expect(service.requests.some(({ headers }) => 'traceparent' in headers)).toBe(false)
})

test('a client that does not sample is not traced, and without one the ratio decides', async () => {
  await using collector = (await startFakeUpstream()).always(jsonReply({}))
  await using rig = await startTraced(collector, ', sampleRatio: 0')
  await (await rig.ask('main', {}, { traceparent: traceparent.replace(/01$/, '00') })).text()
  await (await rig.ask('main')).text()
  await (await rig.ask('main', {}, { traceparent })).text()
  const { spans } = await sent(rig, collector)
  expect(spans.map(({ traceId }) => traceId)).toEqual(Array(2).fill('0af7651916cd43dd8448eb211c80319c'))
})

test('a collector that fails costs no answer, is told of once, and gets the same spans when it is back', async () => {
  await using collector = await startFakeUpstream()
  collector.script(errorReply(503, secrets.refusal), errorReply(503, secrets.refusal), jsonReply({}))
  await using rig = await startTraced(collector)
  expect((await rig.ask('main')).status).toBe(200)
  const { spans } = await sent(rig, collector)
  await rig.clock.armed(1_500)
  expect((await rig.ask('main')).status).toBe(200)
  await rig.clock.advance(1_500)
  await collector.received(2)
  await rig.clock.armed(3_000)
  await rig.clock.advance(3_000)
  const third = await collector.received(3)
  expect((JSON.parse(third.text) as TraceRequest).resourceSpans[0]?.scopeSpans[0]?.spans).toEqual(spans)
  collector.always(jsonReply({}))
  await sent(rig, collector, 4)
  const said = () => rig.logged.filter((line) => line.includes('Telemetry'))
  expect(said()).toEqual([expect.stringContaining('cannot be sent'), expect.stringContaining('is taken again')])
  expect(leaked(secrets, rig.logged)).toEqual([])
  // The collector has answered before that is known here.
  await expect
    .poll(async () => (await rig.scrape()).text)
    .toContain('dragoman_telemetry_requests_total{outcome="sent"} 2\n')
})

test('what waits is sent when the server stops', async () => {
  await using collector = (await startFakeUpstream()).always(jsonReply({}))
  const rig = await startTraced(collector)
  await (await rig.ask('main')).text()
  await rig[Symbol.asyncDispose]()
  expect(collector.requests.map(({ path }) => path)).toEqual(['/otlp/v1/traces'])
})

test('metrics go the same way where they are asked for', async () => {
  await using collector = (await startFakeUpstream()).always(jsonReply({}))
  await using rig = await startTraced(collector, ', metrics: true, sampleRatio: 0')
  await (await rig.ask('main')).text()
  await rig.clock.advance(60_000)
  const request = await collector.received(1)
  expect(request.path).toBe('/otlp/v1/metrics')
  const { resourceMetrics } = JSON.parse(request.text) as MetricsRequest
  const metrics = new Map(resourceMetrics[0]?.scopeMetrics[0]?.metrics.map((metric) => [metric.name, metric]))
  const [point] = metrics.get('dragoman_requests')?.sum?.dataPoints ?? []
  expect(point).toMatchObject({ asDouble: 1 })
  expect(valuesOf(point?.attributes)).toMatchObject({ model: 'main', provider: 'acme', status: '2xx' })
  expect(metrics.get('dragoman_request_duration_seconds')).toMatchObject({
    unit: 's',
    histogram: { aggregationTemporality: 2, dataPoints: [{ count: '1' }] },
  })
  expect(metrics.get('dragoman_credentials')?.gauge?.dataPoints).toHaveLength(3)
})

test('without telemetry nothing of it is sent, whatever variables of other programs say', async () => {
  await using collector = (await startFakeUpstream()).always(jsonReply({}))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_EXPORTER_OTLP_HEADERS: 'a=b,c=d%20e' }
  const loaded = (more: Record<string, string>) =>
    folder.load(yamlWith('')('http://127.0.0.1:1'), { env: { ...env, ...more } })
  expect((await loaded({})).telemetry).toBeUndefined()
  expect((await loaded({ OTEL_SDK_DISABLED: 'true' })).telemetry).toBeUndefined()
  const { otlp } = (await loaded({ OTEL_SDK_DISABLED: 'false', OTEL_TRACES_SAMPLER_ARG: '0.5' })).telemetry ?? {}
  expect(otlp).toMatchObject({ endpoint: collector.origin, protocol: 'http/protobuf', sampleRatio: 0.5 })
  expect(Object.entries(otlp?.headers ?? {}).map(([name, value]) => [name, value.reveal()])).toEqual([
    ['a', 'b'],
    ['c', 'd e'],
  ])
  const configured = await folder.load(
    yamlWith(`telemetry: { otlp: { endpoint: '${collector.origin}' } }`)('http://127.0.0.1:1'),
    {
      env: { OTEL_SDK_DISABLED: 'true' },
    },
  )
  expect(configured.telemetry).toBeUndefined()
  await expect(loaded({ OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).rejects.toThrow(
    'OTEL_EXPORTER_OTLP_PROTOCOL: expected one of http/protobuf, http/json',
  )
})

test('protobuf has every field under its number', () => {
  const traces = readWire(
    encodeTraces({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'ü' } }] },
          scopeSpans: [
            {
              scope: { name: 'dragoman', version: '1' },
              spans: [
                {
                  traceId: '0af7651916cd43dd8448eb211c80319c',
                  spanId: 'b7ad6b7169203331',
                  parentSpanId: undefined,
                  name: 'chat main',
                  kind: 2,
                  startTimeUnixNano: '1767225600000000000',
                  endTimeUnixNano: '1767225600001000000',
                  attributes: [
                    { key: 'n', value: { intValue: '300' } },
                    { key: 'd', value: { doubleValue: 0.5 } },
                    { key: 'b', value: { boolValue: true } },
                    { key: 'l', value: { arrayValue: { values: [{ stringValue: 'x' }, { stringValue: 'y' }] } } },
                  ],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    }),
  )
  expect(textIn(inside(traces, 1, 1, 1), 1)).toBe('service.name')
  expect(textIn(inside(traces, 1, 1, 1, 2), 1)).toBe('ü')
  expect(textIn(inside(traces, 1, 2, 1), 1)).toBe('dragoman')
  const span = inside(traces, 1, 2, 2)
  expect(messagesIn(span, 1)[0]?.toString('hex')).toBe('0af7651916cd43dd8448eb211c80319c')
  expect(messagesIn(span, 2)[0]?.toString('hex')).toBe('b7ad6b7169203331')
  expect([span.has(4), textIn(span, 5), span.get(6), span.get(7)]).toEqual([
    false,
    'chat main',
    [2n],
    [1767225600000000000n],
  ])
  const values = messagesIn(span, 9).map((attribute) => inside(readWire(attribute), 2))
  expect(values[0]?.get(3)).toEqual([300n])
  expect(values[1]?.get(4)).toEqual([Buffer.from([0, 0, 0, 0, 0, 0, 0xe0, 0x3f]).readBigUInt64LE()])
  expect(values[2]?.get(2)).toEqual([1n])
  expect(messagesIn(inside(values[3] ?? new Map(), 5), 1).map((each) => textIn(readWire(each), 1))).toEqual(['x', 'y'])
  expect(inside(span, 15).get(3)).toEqual([2n])

  const times = { startTimeUnixNano: '1', timeUnixNano: '2', attributes: [] }
  const histogram = { ...times, count: '3', sum: 1.5, bucketCounts: ['1', '2'], explicitBounds: [0.5] }
  const metrics = readWire(
    encodeMetrics({
      resourceMetrics: [
        {
          resource: { attributes: [] },
          scopeMetrics: [
            {
              scope: { name: 'dragoman', version: '1' },
              metrics: [
                { name: 'h', description: 'H', histogram: { dataPoints: [histogram], aggregationTemporality: 2 } },
              ],
            },
          ],
        },
      ],
    }),
  )
  const point = inside(metrics, 1, 2, 2, 9, 1)
  expect([point.get(2), point.get(3), point.get(4)]).toEqual([[1n], [2n], [3n]])
  expect(messagesIn(point, 6)[0]?.toString('hex')).toBe('01000000000000000200000000000000')
  expect(messagesIn(point, 7)[0]?.readDoubleLE()).toBe(0.5)
  expect(inside(metrics, 1, 2, 2, 9).get(2)).toEqual([2n])
})

test.each<[string | undefined, boolean]>([
  [traceparent, true],
  [`${traceparent.replace(/^00/, '01')}-more`, true],
  [undefined, false],
  ['', false],
  [`${traceparent}-more`, false],
  [traceparent.replace(/^00/, 'ff'), false],
  [traceparent.replace('b7ad6b7169203331', '0'.repeat(16)), false],
  [traceparent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)), false],
  [traceparent.toUpperCase(), false],
  [`${traceparent}\n`.repeat(1_000), false],
])('a traceparent that is one is read (%#)', (header, isOne) => {
  expect(readTraceParent(header, undefined) !== undefined).toBe(isOne)
})
