import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { canonicalChunks } from './canonical.ts'
import { isDragomanError } from './errors.ts'

const request: ChatCompletionRequest = { model: 'asked', messages: [{ role: 'user', content: 'Hello there' }] }
const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const
const first = { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: 'a' }, finish_reason: null }] }
const stop = { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

/** Upstreams send what they like: `unknown` in, what clients rely on out. */
function run(...chunks: unknown[]): ChatCompletionChunk[] {
  const transform = canonicalChunks(request)
  const out: ChatCompletionChunk[] = []
  for (const chunk of chunks) out.push(...transform.push(chunk as ChatCompletionChunk))
  out.push(...transform.end('stop'))
  return out
}

function deltas(chunks: ChatCompletionChunk[]) {
  return chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
}

function choice(delta: unknown, finish_reason: string | null = null, index: unknown = 0) {
  return { ...head, choices: [{ index, delta, finish_reason }] }
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return isDragomanError(error) ? error.code : String(error)
  }
  return undefined
}

test('a chunk that needs no repair goes through as the same object', () => {
  const out = run(first, stop)
  expect(out[0]).toBe(first)
  expect(out[1]).toBe(stop)
})

test('running it twice changes nothing', () => {
  const once = run(
    { choices: [{ delta: { reasoning: 'r' } }] },
    choice({ tool_calls: [{ id: 'x', function: { name: 'f', arguments: { a: 1 } } }] }),
    choice({}, 'stop'),
  )
  expect(run(...once)).toEqual(once)
})

test('the role stands in the first delta of a choice and in no other', () => {
  const out = deltas(
    run(choice({ content: 'a' }), choice({ role: 'assistant', content: 'b' }), choice({ role: '' }, 'stop')),
  )
  expect(out).toEqual([{ role: 'assistant', content: 'a' }, { content: 'b' }, {}])
})

test('id, created and model are the same in all chunks, and made where the upstream has none', () => {
  const out = run({ choices: [{ index: 0, delta: { content: 'a' } }] }, { ...stop, id: 'late', model: 'late' }, stop)
  expect(new Set(out.map(({ id }) => id)).size).toBe(1)
  expect(out[0]?.id).toMatch(/^chatcmpl-\w+$/)
  expect(out.every(({ model, object }) => model === 'asked' && object === 'chat.completion.chunk')).toBe(true)
})

test('reasoning goes out as reasoning_content, and empty reasoning not at all', () => {
  const out = deltas(
    run(
      choice({ reasoning: 'think', content: null }),
      choice({ reasoning_content: '', content: 'a' }),
      choice({}, 'stop'),
    ),
  )
  expect(out[0]).toEqual({ role: 'assistant', reasoning_content: 'think', content: null })
  expect(out[1]).toEqual({ content: 'a' })
})

test('content in parts becomes text and reasoning', () => {
  const parts = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
    { type: 'text', text: 'yes' },
  ]
  expect(deltas(run(choice({ content: parts }), stop))[0]).toEqual({
    role: 'assistant',
    content: 'yes',
    reasoning_content: 'hm',
  })
})

test.each([
  ['end_turn', 'stop'],
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['model_context_window_exceeded', 'length'],
  ['tool_calls', 'stop'],
  ['something_new', 'stop'],
])('the finish reason %s of an answer without calls goes out as %s', (reason, expected) => {
  expect(run(first, choice({}, reason))[1]?.choices[0]?.finish_reason).toBe(expected)
})

test.each([
  ['stop', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['length', 'length'],
  ['content_filter', 'content_filter'],
])('the finish reason %s of an answer with calls goes out as %s', (reason, expected) => {
  const call = choice({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{}' } }] })
  expect(run(call, choice({}, reason))[1]?.choices[0]?.finish_reason).toBe(expected)
})

test.each(['error', 'network_error', 'insufficient_system_resource', 'abort', 'MALFORMED_FUNCTION_CALL'])(
  'the finish reason %s is a failure, not an end',
  (reason) => expect(codeOf(() => run(first, choice({}, reason)))).toBe('upstream_unavailable'),
)

test('nothing of a choice goes out after its finish reason', () => {
  const out = run(first, stop, choice({ content: 'again' }), stop)
  expect(out.filter(({ choices }) => choices.length > 0)).toEqual([first, stop])
})

test('usage goes out once, last, in a chunk without choices, wherever the upstream put it', () => {
  const out = run({ ...first, usage: { ...usage, completion_tokens: 1 } }, { ...stop, usage })
  expect(out.map((chunk) => chunk.usage)).toEqual([undefined, undefined, usage])
  expect(out[2]?.choices).toEqual([])
})

test('a usage of zeros is none: it is estimated, and says so', () => {
  const nothing = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const out = run(first, { ...stop, usage: nothing })
  expect(out[2]?.usage).toEqual({ prompt_tokens: 3, completion_tokens: 1, total_tokens: 4, estimated: true })
})

test('cache writes are read under the names that services use', () => {
  const reported = { ...usage, prompt_tokens_details: { cached_tokens: 1, cache_creation_tokens: 2 } }
  expect(run(first, stop, { ...head, choices: [], usage: reported })[2]?.usage?.prompt_tokens_details).toMatchObject({
    cached_tokens: 1,
    cache_write_tokens: 2,
  })
})

test('chunks without choices go out only for usage, and what else they hold rides on the next one', () => {
  const out = run({ ...head, choices: [], prompt_filter_results: ['x'] }, first, stop, { ...head, usage })
  expect(out).toHaveLength(3)
  expect(out[0]).toEqual({ ...first, prompt_filter_results: ['x'] })
})

test('several choices are kept apart', () => {
  const out = run(
    choice({ content: 'a' }),
    choice({ content: 'b' }, null, 1),
    choice({}, 'stop', 1),
    choice({}, 'length'),
  )
  expect(out.slice(0, 4).map(({ choices }) => [choices[0]?.index, choices[0]?.finish_reason])).toEqual([
    [0, null],
    [1, null],
    [1, 'stop'],
    [0, 'length'],
  ])
})

test('unknown fields stay at every level', () => {
  const odd = { ...first, provider: 'x', choices: [{ ...first.choices[0], native_finish_reason: 'y' }] }
  expect(run(odd, stop)[0]).toEqual(odd)
})

test('an answer without output is upstream_empty', () => {
  expect(codeOf(() => run())).toBe('upstream_empty')
  expect(codeOf(() => run(choice({ role: 'assistant', content: '' }), stop))).toBe('upstream_empty')
})

test('an answer without output is one when it was cut by a limit, filtered, or paid for', () => {
  expect(codeOf(() => run(choice({ role: 'assistant' }), choice({}, 'length')))).toBeUndefined()
  expect(codeOf(() => run(choice({ role: 'assistant' }), choice({}, 'content_filter')))).toBeUndefined()
  expect(codeOf(() => run(choice({ role: 'assistant' }), { ...stop, usage }))).toBeUndefined()
})

test('usage alone is no answer', () => {
  expect(codeOf(() => run({ ...head, choices: [], usage }))).toBe('upstream_protocol')
})

test('usage inside a choice is read', () => {
  const inside = { ...stop, choices: [{ ...stop.choices[0], usage }] }
  expect(run(first, inside).at(-1)?.usage).toEqual(usage)
})

test.each<[string, unknown]>([
  ['a delta of null', choice(null)],
  ['a choice of null', { ...head, choices: [null, first.choices[0]] }],
  ['calls of null', choice({ tool_calls: [null] })],
  ['reasoning details that are no list', choice({ reasoning_details: {} })],
  ['content that is a number', choice({ content: 7 })],
])('%s is put up with', (_what, odd) => {
  const out = run(first, odd, stop)
  for (const { choices } of out) for (const { delta } of choices) expect(delta).toBeTypeOf('object')
  expect(out.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0)
})

test('a finish reason that is a number is read as text', () => {
  const odd = { ...head, choices: [{ index: 0, delta: {}, finish_reason: 1 }] }
  expect(run(first, odd)[1]?.choices[0]?.finish_reason).toBe('stop')
})

test('a chunk that cannot be worked with is the fault of the upstream', () => {
  const hostile = choice({ content: { toString: 1 } })
  expect(codeOf(() => run(hostile))).toBe('upstream_protocol')
})

test('an answer that ends without a finish reason is upstream_protocol', () => {
  expect(codeOf(() => run(first))).toBe('upstream_protocol')
  expect(codeOf(() => run(first, stop, choice({ content: 'b' }, null, 1)))).toBe('upstream_protocol')
})

test('a cut answer is not completed', () => {
  const transform = canonicalChunks(request)
  expect([...transform.push(first as ChatCompletionChunk), ...transform.end('cut')]).toEqual([first])
})
