import { isDragomanError } from '@dragoman/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messagesClient } from './client.ts'
import { countTokens } from './count-tokens.ts'
import { messagesReader } from './upstream.ts'

/** Where the words of the dialect stand, there may also be anything else. */
const oddly = <T>(...words: T[]) => fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...words) }, fc.jsonValue())
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape, { requiredKeys: [] })

const block = record({
  type: oddly(
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'tool_result',
    'image',
    'document',
    'server_tool_use',
  ),
  text: oddly('a', ''),
  thinking: oddly('hm'),
  signature: oddly('s'),
  data: oddly('r'),
  id: oddly('t1', 't2'),
  tool_use_id: oddly('t1', 't2'),
  name: oddly('f'),
  input: oddly<unknown>({}, { a: 1 }),
  content: oddly<unknown>('ok', [{ type: 'text', text: 'ok' }]),
  source: oddly<unknown>(
    { type: 'url', url: 'https://x.example' },
    { type: 'base64', media_type: 'image/png', data: '' },
  ),
})

const event = record({
  type: oddly(
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'error',
  ),
  index: oddly(0, 1),
  message: oddly<unknown>({ id: 'msg_1', usage: { input_tokens: 1 } }),
  content_block: fc.oneof(block, fc.jsonValue()),
  delta: fc.oneof(
    record({
      type: oddly('text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta'),
      text: oddly('a'),
      thinking: oddly('hm'),
      partial_json: oddly('{', '}'),
      citation: oddly<unknown>({ url: 'https://x.example' }),
      stop_reason: oddly('end_turn', 'tool_use'),
    }),
    fc.jsonValue(),
  ),
  usage: oddly<unknown>({ output_tokens: 2 }),
  error: oddly<unknown>({ type: 'api_error', message: 'no' }),
})

/** Throws on where it is not one of our errors that comes. */
function orRefused(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!isDragomanError(error)) throw error
    expect(error.code).not.toBe('internal')
  }
}

test('whatever an upstream sends is read or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(event, fc.jsonValue())), (events) => {
      const reader = messagesReader()
      orRefused(() => {
        for (const sent of events) reader.push(sent)
        reader.end()
      })
    }),
    { numRuns: 500 },
  )
})

test('whatever an upstream answers whole is read or refused', () => {
  const answer = record({
    type: oddly('message'),
    content: fc.oneof(fc.array(fc.oneof(block, fc.jsonValue())), fc.jsonValue()),
    stop_reason: oddly('end_turn'),
    usage: oddly<unknown>({ output_tokens: 2 }),
  })
  fc.assert(
    fc.property(answer, (sent) => orRefused(() => messagesReader().whole(sent))),
    { numRuns: 500 },
  )
})

test('whatever a client sends is read or refused', () => {
  const body = record({
    model: oddly('m'),
    max_tokens: oddly(1),
    system: oddly<unknown>('s', [{ type: 'text', text: 's' }]),
    messages: fc.array(
      fc.record({ role: oddly('user', 'assistant', 'system'), content: fc.oneof(fc.array(block), oddly('Hi')) }),
    ),
    tools: oddly<unknown>([{ name: 'f', input_schema: {} }], [{ type: 'web_search_20250305', name: 'w' }]),
    tool_choice: oddly<unknown>({ type: 'auto' }, { type: 'tool', name: 'w' }),
    thinking: oddly<unknown>({ type: 'adaptive' }),
  })
  fc.assert(
    fc.property(body, (sent) => {
      orRefused(() => messagesClient.readRequest(sent))
      orRefused(() => countTokens(sent))
    }),
    { numRuns: 1000 },
  )
})
