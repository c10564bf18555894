import {
  type CallLimits,
  DragomanError,
  heartbeat,
  type LogEntry,
  type Provider,
  type RelayedAnswer,
  type RelayRequest,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { Answer } from './answer.ts'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'

const utf8 = new TextEncoder()
const head = '"id":"c1","object":"chat.completion.chunk","created":1,"model":"up-1"'
const frame = (rest: string) => `data: {${head},${rest}}\n\n`
const role = frame('"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]')
const hello = frame('"choices":[{"index":0,"delta":{"content":"Hé"},"finish_reason":null}],"odd":1.0')
const stop = frame('"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]')
const usage = frame('"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}')
const done = 'data: [DONE]\n\n'

/** A provider that relays these pieces. */
function relays(
  pieces: readonly (string | Error)[],
  options: { obstacle?: string; sent?: (RelayRequest & { limits?: CallLimits | undefined })[] } = {},
): Provider {
  return {
    id: 'relay',
    relayObstacle: () => options.obstacle,
    async relay(request, { limits }) {
      options.sent?.push({ ...request, limits })
      return {
        kind: 'events',
        pieces: (async function* () {
          for (const piece of pieces) {
            if (piece instanceof Error) throw piece
            yield utf8.encode(piece)
          }
        })(),
        errorFrom: (json) => new DragomanError('upstream_unavailable', JSON.stringify(json), { origin: 'upstream' }),
      }
    },
    async *chat() {
      yield* chatChunks({ text: 'parsed', usage: tokens(1, 2) })
    },
    close: async () => {},
  }
}

function relaysWhole(answer: RelayedAnswer | string): Provider {
  const relayed = typeof answer === 'string' ? whole(answer) : answer
  return { ...relays([]), relay: async () => relayed }
}

function whole(json: string): RelayedAnswer {
  return { kind: 'whole', bytes: utf8.encode(json), json: JSON.parse(json) }
}

const parsed: Provider = { id: 'parsed', chat: relays([]).chat, close: async () => {} }

async function ask(
  providers: readonly Provider[],
  request: Partial<ChatCompletionRequest> & { bytes?: string } = {},
): Promise<{ answer: Answer; shown: string; error: unknown; records: LogEntry[] }> {
  const { bytes, ...fields } = request
  const records: LogEntry[] = []
  const entries = providers.map((provider) => ({ id: provider.id, provider, credentials: staticCredentials([]) }))
  const gateway = createGateway({
    providers: entries,
    models: [{ name: 'm', deployments: entries.map((entry) => ({ entry, model: 'up-1' })) }],
    clock: handClock(),
    record: (entry) => records.push(entry),
  })
  const body: ChatCompletionRequest = {
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
    ...fields,
  }
  const context = { signal: new AbortController().signal, body: bytes ?? JSON.stringify(body) }
  const answer = await gateway.chat(body, context)
  let shown = ''
  let error: unknown
  if (answer.kind === 'bytes') shown = Buffer.from(answer.bytes).toString()
  if (answer.kind === 'chunks') {
    try {
      for await (const item of answer.chunks) {
        if (item === heartbeat) shown += '*'
        else shown += item instanceof Uint8Array ? Buffer.from(item) : `<${JSON.stringify(item)}>`
      }
    } catch (cause) {
      error = cause
    }
  }
  return { answer, shown, error, records }
}

const asked = { stream_options: { include_usage: true } }

test.each<[string, readonly string[]]>([
  ['event by event', [role, hello, stop, usage, done]],
  ['in one piece', [role + hello + stop + usage + done]],
  ['in two pieces', [role + hello, stop + usage + done]],
])('what comes %s goes out byte for byte, with the usage that was asked for', async (_how, pieces) => {
  const { shown, records } = await ask([relays(pieces)], asked)
  expect(shown).toBe(role + hello + stop + usage)
  expect(records[0]).toMatchObject({ usage: { completion_tokens: 4 }, finishReason: 'stop', error: undefined })
  expect(records[0]?.attempts[0]).toMatchObject({ relayed: true, parsedBecause: undefined })
})

test.each<readonly string[][]>([[[role, hello, stop, usage, done]], [[role + hello + stop + usage + done]]])(
  'a usage that nobody asked for is kept in the record and left out of the answer',
  async (pieces) => {
    const { shown, records } = await ask([relays(pieces)])
    expect(shown).toBe(role + hello + stop)
    expect(records[0]?.usage).toMatchObject({ prompt_tokens: 3, total_tokens: 7 })
  },
)

test('a usage that was asked for and did not come is estimated and says so', async () => {
  const { shown, records } = await ask([relays([role + hello, stop, done])], asked)
  const estimated = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, estimated: true }
  expect(shown).toMatch(role + hello + stop)
  const added = JSON.parse(shown.slice(shown.indexOf('<') + 1, -1))
  expect(added).toEqual({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'up-1',
    choices: [],
    usage: estimated,
  })
  expect(records[0]?.usage).toEqual(estimated)
})

test('the estimate counts the bytes of what was said, calls too', async () => {
  const call = frame(
    '"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"fn","arguments":"{\\"é\\":1}"}}]},"finish_reason":null}]',
  )
  const { records } = await ask([relays([role, hello, call, stop.replace('stop', 'tool_calls'), done])])
  expect(records[0]).toMatchObject({
    finishReason: 'tool_calls',
    usage: { completion_tokens: Math.ceil((3 + 2 + 8) / 4) },
  })
})

test.each([
  ['is plain', 'more'],
  ['has an escape', '\\"fi\\u006eish\\"'],
  ['has a character of two bytes', 'é'],
])('text after text passes and is counted, also where it %s', async (_how, more) => {
  const next = hello.replace('Hé', more)
  const { shown, records } = await ask([relays([role, hello, hello + hello, next, stop, done])])
  expect(shown).toBe(role + hello + hello + hello + next + stop)
  expect(records[0]?.usage?.completion_tokens).toBe(Math.ceil((9 + Buffer.byteLength(JSON.parse(`"${more}"`))) / 4))
})

test.each([
  ['an error', hello.replace('Hé', 'x"},"finish_reason":null}],"error":{"message":"late"},"z":[{"a":{"b":"')],
  ['a finish reason of failure', hello.replace('Hé', 'x').replace('null', '"network_error"')],
  ['broken JSON', hello.replace('Hé', 'x"')],
])('%s in an event like the ones before it is found', async (_what, bad) => {
  const { shown, error } = await ask([relays([role, hello, hello, bad, stop, done])])
  expect(shown).toBe(role + hello + hello)
  expect(error).toBeDefined()
})

test('comments pass', async () => {
  const { shown } = await ask([relays([`: processing\n\n${role}`, hello + stop + done])])
  expect(shown).toBe(`: processing\n\n${role}${hello}${stop}`)
})

test('data on several lines is read as one', async () => {
  const lines = `data: {${head},\ndata: "choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n`
  const { shown, records } = await ask([relays([lines + done])])
  expect(shown).toBe(lines)
  expect(records[0]?.finishReason).toBe('stop')
})

test('an error after output comes behind what was said before it', async () => {
  const failing = 'data: {"error":{"message":"é overloaded"}}\n\n'
  for (const pieces of [[role + hello + failing], [role, hello, failing]]) {
    const { shown, error, records } = await ask([relays(pieces)])
    expect(shown).toBe(role + hello)
    expect(error).toMatchObject({ code: 'upstream_unavailable', message: '{"error":{"message":"é overloaded"}}' })
    expect(records[0]).toMatchObject({
      status: 200,
      error: { code: 'upstream_unavailable' },
      usage: { estimated: true },
    })
  }
})

test.each<[string, readonly (string | Error)[], string]>([
  ['an error', [role, 'data: {"error":{"message":"busy"}}\n\n'], 'upstream_unavailable'],
  ['an error beside the role', [`${role}data: {"error":{"message":"busy"}}\n\n`], 'upstream_unavailable'],
  ['what is no JSON', ['data: <html>\n\n'], 'upstream_protocol'],
  ['what is no object', ['data: 12\n\n'], 'upstream_protocol'],
  ['a chunk without choices', ['data: {"id":1}\n\n'], 'upstream_protocol'],
  ['nothing but the end', [done], 'upstream_empty'],
  ['nothing', [], 'upstream_empty'],
  ['a role and a finish reason', [role, stop, done], 'upstream_empty'],
  ['a failure as finish reason', [role, stop.replace('stop', 'network_error')], 'upstream_unavailable'],
  ['a broken connection', [role, new DragomanError('upstream_unavailable', 'reset')], 'upstream_unavailable'],
])('%s before any output is another target, in whichever lane', async (_what, pieces, code) => {
  const { shown, records } = await ask([relays(pieces), parsed])
  expect(shown).toContain('"content":"parsed"')
  expect(records[0]?.attempts.map(({ error, relayed }) => [relayed, error?.code])).toEqual([
    [true, code],
    [false, undefined],
  ])
})

test('an end without a finish reason is a failure', async () => {
  const { shown, error } = await ask([relays([role, hello, done])])
  expect(shown).toBe(role + hello)
  expect(error).toMatchObject({ code: 'upstream_protocol' })
})

test('an end without its mark is an end', async () => {
  const { shown, error } = await ask([relays([role, hello, stop])])
  expect([shown, error]).toEqual([role + hello + stop, undefined])
})

test('what is sent is what came, under the right model and asking for usage', async () => {
  const sent: RelayRequest[] = []
  const bytes = '{ "stream":true, "seed":12345678901234567890,"model":"m","messages":[{"role":"user","content":"x"}] }'
  await ask([relays([hello + stop + done], { sent })], { bytes })
  expect(sent[0]).toMatchObject({ isStreamed: true, dialect: 'openai-chat' })
  expect(sent[0]?.body).toBe(bytes.replace('{', '{"stream_options":{"include_usage":true},').replace('"m"', '"up-1"'))
})

test.each<[string, Provider, object, string]>([
  ['the provider says so', relays([], { obstacle: 'it is not conformant' }), {}, 'it is not conformant'],
  ['it cannot', parsed, {}, 'the provider has no relay'],
  [
    'two readers may differ on the model',
    relays([]),
    { bytes: '{"model":"x","model":"m","stream":true,"messages":[]}' },
    'a key stands twice in the request',
  ],
])('an answer is parsed where %s, and the record tells why', async (_when, provider, request, why) => {
  const { shown, records } = await ask([provider], request)
  expect(shown).toContain('"content":"parsed"')
  expect(records[0]?.attempts[0]).toMatchObject({ relayed: false, parsedBecause: why })
})

const completion = (finish: string, rest = ',"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}') =>
  `{"id":"c1","created":1.0,"choices":[{"index":0,"message":{"role":"assistant","content":"Hé"},"finish_reason":${finish}}]${rest}}`

test('a whole answer goes out byte for byte', async () => {
  const json = completion('"stop"')
  const { answer, shown, records } = await ask([relaysWhole(json)], { stream: false })
  expect([answer.kind, shown]).toEqual(['bytes', json])
  expect(records[0]).toMatchObject({ usage: { total_tokens: 7 }, finishReason: 'stop' })
})

test('a whole answer without usage gets an estimate', async () => {
  const { answer, records } = await ask([relaysWhole(completion('"stop"', ''))], { stream: false })
  const estimate = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, estimated: true }
  expect(answer).toMatchObject({ kind: 'completion', completion: { id: 'c1', usage: estimate } })
  expect(records[0]?.usage).toEqual(estimate)
})

test.each<[string, RelayedAnswer | string, string]>([
  ['without a finish reason', completion('null'), 'upstream_protocol'],
  ['that says nothing', completion('"stop"', '').replace('Hé', ''), 'upstream_empty'],
  ['that is no completion', '{"hello":1}', 'upstream_protocol'],
  ['with a choice that has no message', '{"choices":[{}]}', 'upstream_protocol'],
  ['that failed', completion('"abort"'), 'upstream_unavailable'],
])('a whole answer %s is another target', async (_what, json, code) => {
  const { answer, records } = await ask([relaysWhole(json), parsed], { stream: false })
  expect(answer).toMatchObject({ kind: 'completion', completion: { choices: [{ message: { content: 'parsed' } }] } })
  expect(records[0]?.attempts[0]?.error?.code).toBe(code)
})

test('a stream in place of a whole answer is another target', async () => {
  const provider: Provider = { ...relays([hello, stop, done]), id: 'streams' }
  const { answer } = await ask([provider, parsed], { stream: false })
  expect(answer).toMatchObject({ kind: 'completion', completion: { choices: [{ message: { content: 'parsed' } }] } })
})

test('a whole answer in place of a stream is streamed', async () => {
  const { shown, records } = await ask([relaysWhole(completion('"stop"'))])
  expect(shown).toContain('"content":"Hé"')
  expect(records[0]).toMatchObject({ usage: { total_tokens: 7 }, finishReason: 'stop', streamed: true })
})
