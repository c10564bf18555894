import { DragomanError, type Provider } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatCompletionChunk,
  ChatCompletionRequest,
  Delta,
  FunctionToolCall,
  ReasoningDetail,
} from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createReasoningSeal } from './reasoning-seal.ts'
import { gatewayOf, noSignal } from './test-one-provider.ts'

const call: FunctionToolCall = {
  id: 'call:0',
  type: 'function',
  function: { name: 'look', arguments: '{"b":1,"a":"x"}' },
}
const signed: ReasoningDetail = {
  type: 'reasoning.text',
  text: 'I must look.',
  signature: 'sig-1',
  format: 'anthropic-claude-v1',
  index: 0,
}

/** Thinks, then calls a tool; keeps what it was asked. */
function thinker(
  id: string,
  options: Partial<Pick<Provider, 'chat' | 'wantsReasoning'>> & { details?: ReasoningDetail[] } = {},
) {
  const { details = [], ...rest } = options
  const asked: ChatCompletionRequest[] = []
  const provider: Provider = {
    id,
    wantsReasoning: true,
    async *chat(request): AsyncGenerator<ChatCompletionChunk> {
      asked.push(request)
      const [head, ...others] = chatChunks({ toolCalls: [{ id: call.id, ...call.function }], usage: tokens(1, 2) })
      if (!head) return
      const says = (delta: Delta) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })
      yield says({ role: 'assistant', reasoning_content: 'I must look.' })
      for (const detail of details) yield says({ reasoning_details: [detail] })
      yield* others
    },
    close: async () => {},
    ...rest,
  }
  return { provider, asked }
}

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

function request(model: string, turn?: AssistantMessage): ChatCompletionRequest {
  const answered = turn ? [turn, { role: 'tool' as const, tool_call_id: call.id, content: 'seen' }] : []
  return { model, messages: [{ role: 'user', content: 'x' }, ...answered] }
}

const droppedByClient: AssistantMessage = { role: 'assistant', content: null, tool_calls: [call] }

/** As its JSON would be. */
function turnOf({ messages }: ChatCompletionRequest | undefined = request('')): Partial<AssistantMessage> {
  return JSON.parse(JSON.stringify(messages.find(({ role }) => role === 'assistant') ?? {}))
}

test('reasoning that a client has dropped is put back before the tool call it belongs to', async () => {
  const kimi = thinker('kimi')
  const { gateway } = gatewayOf([kimi.provider])
  await gateway.chat(request('kimi'), { signal: noSignal, client: 'team' })
  await gateway.chat(request('kimi', droppedByClient), { signal: noSignal, client: 'team' })
  expect(turnOf(kimi.asked[1]).reasoning_content).toBe('I must look.')
})

test('the call is known again when the client has written its arguments anew', async () => {
  const kimi = thinker('kimi')
  const { gateway } = gatewayOf([kimi.provider])
  await gateway.chat(request('kimi'), { signal: noSignal })
  const rewritten = { ...call, function: { name: 'look', arguments: '{ "a": "x", "b": 1 }' } }
  await gateway.chat(request('kimi', { ...droppedByClient, tool_calls: [rewritten] }), { signal: noSignal })
  expect(turnOf(kimi.asked[1]).reasoning_content).toBe('I must look.')
})

test.each([
  ['another client', { client: 'other' }, droppedByClient],
  [
    'another call of the same id',
    { client: 'team' },
    { ...droppedByClient, tool_calls: [{ ...call, function: { name: 'look', arguments: '{}' } }] },
  ],
])('%s gets none of it', async (_who, context, turn) => {
  const kimi = thinker('kimi')
  const { gateway } = gatewayOf([kimi.provider])
  await gateway.chat(request('kimi'), { signal: noSignal, client: 'team' })
  await gateway.chat(request('kimi', turn), { signal: noSignal, ...context })
  expect(turnOf(kimi.asked[1]).reasoning_content).toBeUndefined()
})

test('what the client brings itself is left as it is', async () => {
  const kimi = thinker('kimi')
  const { gateway } = gatewayOf([kimi.provider])
  await gateway.chat(request('kimi'), { signal: noSignal })
  await gateway.chat(request('kimi', { ...droppedByClient, reasoning_content: 'my own' }), { signal: noSignal })
  expect(turnOf(kimi.asked[1]).reasoning_content).toBe('my own')
})

test.each([
  ['as UTF-8', (json: string) => json],
  ['by escapes', (json: string) => json.replace(/[^\x20-\x7e]/g, escaped)],
  ['by both', (json: string) => json.replace(/[äé]/g, escaped)],
])('it is remembered also of an answer that went on as the bytes it came in (%s)', async (_name, written) => {
  const kimi = thinker('kimi')
  const chunks = chatChunks({
    reasoning: ['Ich prüfe ', 'é, 中, ä.'],
    toolCalls: [{ id: call.id, name: 'look', arguments: ['{"b":1,', '"a":"x"}'] }],
    usage: tokens(1, 2),
  })
  const relaying: Provider = {
    ...kimi.provider,
    relayObstacle: ({ messages }) => (messages.length > 1 ? 'enough for this test' : undefined),
    relay: async () => ({
      kind: 'events',
      pieces: (async function* () {
        for (const chunk of chunks) yield Buffer.from(`data: ${written(JSON.stringify(chunk))}\n\n`)
      })(),
      errorFrom: () => expect.unreachable(),
    }),
  }
  const { gateway, records } = gatewayOf([relaying])
  const first = { ...request('kimi'), stream: true }
  const answer = await gateway.chat(first, { signal: noSignal, body: JSON.stringify(first) })
  if (answer.kind === 'chunks') for await (const _ of answer.chunks);
  expect(records[0]?.attempts[0]?.relayed).toBe(true)
  await gateway.chat(request('kimi', droppedByClient), { signal: noSignal })
  expect(turnOf(kimi.asked[0]).reasoning_content).toBe('Ich prüfe é, 中, ä.')
})

test('signatures return to where they come from, and the text to everybody who wants it', async () => {
  const claude = thinker('claude', { details: [signed] })
  const other = thinker('kimi')
  const plain = thinker('plain', { wantsReasoning: false })
  const { gateway } = gatewayOf([claude.provider, other.provider, plain.provider], { claude: 'claude-opus-5' })
  await gateway.chat(request('claude'), { signal: noSignal })
  for (const model of ['claude', 'kimi', 'plain']) {
    await gateway.chat(request(model, droppedByClient), { signal: noSignal })
  }
  expect(turnOf(claude.asked[1])).toEqual({
    ...droppedByClient,
    reasoning_content: 'I must look.',
    reasoning_details: [signed],
  })
  expect(turnOf(other.asked[0])).toEqual({ ...droppedByClient, reasoning_content: 'I must look.' })
  expect(turnOf(plain.asked[0])).toEqual(droppedByClient)
})

test('a request whose signatures are refused is repeated once without them, and it is reported', async () => {
  let calls = 0
  const claude = thinker('claude', {
    async *chat(asked) {
      calls++
      if (turnOf(asked).reasoning_details) {
        const message = 'messages.1.content.0: Invalid `signature` in `thinking` block'
        throw new DragomanError('invalid_request', message, { origin: 'upstream' })
      }
      yield* chatChunks({ text: 'went on', usage: tokens(1, 2) })
    },
  })
  const { gateway, records } = gatewayOf([claude.provider])
  const answer = await gateway.chat(request('claude', { ...droppedByClient, reasoning_details: [signed] }), {
    signal: noSignal,
  })
  expect(calls).toBe(2)
  expect(answer.route?.dropped).toEqual(['messages[].reasoning_details'])
  expect(records[0]?.attempts.map(({ error }) => error?.code)).toEqual(['invalid_request', undefined])
})

test('it is not repeated where no call is left, and the refusal is told', async () => {
  const claude = thinker('claude', {
    chat() {
      throw new DragomanError('invalid_request', 'Invalid `signature` in `thinking` block', { origin: 'upstream' })
    },
  })
  const { gateway, records } = gatewayOf([claude.provider], {}, { attempts: 1 })
  const asked = gateway.chat(request('claude', { ...droppedByClient, reasoning_details: [signed] }), {
    signal: noSignal,
  })
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request' })
  expect(records[0]?.attempts).toHaveLength(1)
})

test('another 400 is not repeated', async () => {
  let calls = 0
  const claude = thinker('claude', {
    chat() {
      calls++
      throw new DragomanError('invalid_request', 'max_tokens: too large', { origin: 'upstream' })
    },
  })
  const { gateway } = gatewayOf([claude.provider])
  const asked = gateway.chat(request('claude', { ...droppedByClient, reasoning_details: [signed] }), {
    signal: noSignal,
  })
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request' })
  expect(calls).toBe(1)
})

const key = new Uint8Array(32).fill(7)

test('a seal opens what it has sealed, for the same client, and says where it is from', async () => {
  const claude = thinker('claude', { details: [signed] })
  const other = thinker('kimi')
  const { gateway } = gatewayOf([claude.provider, other.provider], { claude: 'claude-opus-5' })
  const seal = createReasoningSeal({ key, client: 'team', origin: () => 'claude claude-key claude' })
  const value = seal.seal({ text: 'I must look.', details: [signed] })
  expect(value).toMatch(/^dg1\.[\w-]+$/)
  expect(value).not.toContain('look')
  const { text = '', details = [] } = seal.open(value) ?? {}
  const turn: AssistantMessage = { ...droppedByClient, reasoning_content: text, reasoning_details: [...details] }
  await gateway.chat(request('claude', turn), { signal: noSignal })
  await gateway.chat(request('kimi', turn), { signal: noSignal })
  expect(turnOf(claude.asked[0]).reasoning_details).toEqual([signed])
  expect(turnOf(other.asked[0])).toEqual({ ...droppedByClient, reasoning_content: 'I must look.' })
})

test('what was not sealed here, for this client and by this key, stays closed', () => {
  const options = { key, client: 'team', origin: () => undefined }
  const seal = createReasoningSeal(options)
  const value = seal.seal({ text: 'secret thought' })
  expect(createReasoningSeal({ ...options, client: 'other' }).open(value)).toBeUndefined()
  expect(createReasoningSeal({ ...options, key: new Uint8Array(32) }).open(value)).toBeUndefined()
  for (const broken of ['', 'dg1.', 'EqQB…', `${value.slice(0, -2)}AA`, value.slice(0, 20), 'dg2.AAAA']) {
    expect(seal.open(broken)).toBeUndefined()
  }
  expect(createReasoningSeal(options).open(value)?.text).toBe('secret thought')
})
