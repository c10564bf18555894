import { describe, expect, test } from 'vitest'
import { clock, weather } from '../cases/tools.ts'
import { answerOf, chunk, type TestChunk } from './chat-answers.ts'
import type { NormalizeOptions } from './choice-normalizer.ts'
import { normalizeCompletion } from './completion.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { ChunkNormalizer } from './stream.ts'

const kimi: NormalizeOptions = { format: kimiK2, tools: [weather, clock], newId: () => 'made' }
const call = '<|tool_call_begin|>functions.get_weather:42<|tool_call_argument_begin|>{"city": "Oslo"}<|tool_call_end|>'
const called = {
  id: 'functions.get_weather:42',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city": "Oslo"}' },
}

function completion(message: Record<string, unknown>, finish_reason: string | null = 'stop') {
  return {
    id: 'c',
    usage: { total_tokens: 3 },
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  }
}

function choiceOf(message: Record<string, unknown>, finish_reason: string | null = 'stop', options = kimi) {
  return normalizeCompletion(completion(message, finish_reason), options).choices[0]
}

test.each([
  { content: 'Hello, <b>world</b>.' },
  { content: '' },
  { content: null, tool_calls: [called] },
  { content: 'a', reasoning_content: 'b', unknown: { c: 1 } },
  { content: 'a', refusal: null, annotations: [] },
])('a completion in which nothing has to change is the same object: %j', (message) => {
  const given = completion(message, 'tool_calls' in message ? 'tool_calls' : 'stop')
  expect(normalizeCompletion(given, kimi)).toBe(given)
})

test.each([[undefined], [null], [{}], [{ choices: null }], [{ choices: [null, {}, { message: null }] }]])(
  '%j passes',
  (odd) => {
    expect(normalizeCompletion(odd as never, kimi)).toBe(odd)
  },
)

test('bare Kimi calls become tool calls, the other fields stay', () => {
  const given = completion({ content: `Let me look. ${call}`, refusal: null })
  expect(normalizeCompletion(given, kimi)).toEqual({
    id: 'c',
    usage: { total_tokens: 3 },
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Let me look.', refusal: null, tool_calls: [called] },
        finish_reason: 'tool_calls',
      },
    ],
  })
})

test('the short form of ids is the number of the call', () => {
  const choice = choiceOf({ content: call }, 'stop', { ...kimi, toolCallIds: 'index' })
  expect(choice?.message).toMatchObject({ content: null, tool_calls: [{ ...called, id: '42' }] })
})

test('fillers and a prefilled opener: what comes before the closer is reasoning', () => {
  const content = '(no content)(no content)  Let me break down... </think>   The answer is 42.'
  const expected = { role: 'assistant', content: 'The answer is 42.', reasoning_content: 'Let me break down...' }
  expect(choiceOf({ content }, 'stop', { ...kimi, startsIn: 'auto' })?.message).toEqual(expected)
})

test.each([
  ['reasoning', { reasoning: 'Hm.' }],
  ['thinking', { thinking: 'Hm.' }],
  ['its details', { reasoning_content: null, reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] }],
])('reasoning under the name of %s is reasoning_content', (_, fields) => {
  const message = choiceOf({ content: 'a', ...fields })?.message
  expect(message).toMatchObject({ content: 'a', reasoning_content: 'Hm.' })
  expect(message).not.toHaveProperty('reasoning')
  expect(message).not.toHaveProperty('thinking')
})

describe('what is empty is absent', () => {
  test.each([
    [{ content: 'a', reasoning_content: '' }, { content: 'a' }],
    [{ content: 'a', reasoning_content: null }, { content: 'a' }],
    [{ content: 'a', tool_calls: [] }, { content: 'a' }],
    [
      { content: '', tool_calls: [called] },
      { content: null, tool_calls: [called] },
    ],
  ])('%j', (given, expected) => {
    expect(choiceOf(given)?.message).toEqual({ role: 'assistant', ...expected })
  })
})

test.each([
  ['stop', 'tool_calls'],
  [null, 'tool_calls'],
  ['', 'tool_calls'],
  ['length', 'length'],
  ['content_filter', 'content_filter'],
])('with a call %j becomes %j', (given, expected) => {
  expect(choiceOf({ content: call }, given)?.finish_reason).toBe(expected)
})

test('tool_calls without a call becomes stop, and no reason stays none', () => {
  expect(choiceOf({ content: 'a' }, 'tool_calls')?.finish_reason).toBe('stop')
  expect(choiceOf({ content: 'a' }, null)?.finish_reason).toBeNull()
})

test('native arguments that are an object become a string, and the call has no index', () => {
  const tool_calls = [{ ...called, function: { name: 'get_weather', arguments: { city: 'Oslo' } } }]
  const expected = [{ ...called, function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }]
  expect(choiceOf({ content: null, tool_calls })?.message).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: expected,
  })
})

test('a call that is in the text and native as well is there once', () => {
  expect(choiceOf({ content: call, tool_calls: [{ ...called, id: 'x' }] })?.message).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: [called],
  })
})

describe('the result is that of the stream', () => {
  test.each([
    { content: `a <think>b</think> c ${call} d` },
    { content: call + call, reasoning_content: `x ${call} y` },
    { content: `<think>b</think>\n\n${call.slice(0, -30)}`, finish_reason: 'length' },
    { content: 'a', reasoning: 'r', tool_calls: [called] },
    { content: ' \n a \n ' },
  ])('%j', ({ content, finish_reason = 'stop', tool_calls, ...reasoning }) => {
    const choice = choiceOf({ content, ...reasoning, ...(tool_calls ? { tool_calls } : {}) }, finish_reason)
    const chunks = [
      ...Object.entries(reasoning).flatMap(([field, text]) => [...text].map((piece) => chunk({ [field]: piece }))),
      ...[...content].map((piece) => chunk({ content: piece })),
      ...(tool_calls ?? []).map((call, index) => chunk({ tool_calls: [{ index, ...call }] })),
      chunk({}, finish_reason),
    ]
    const normalizer = new ChunkNormalizer<TestChunk>(kimi)
    const streamed = answerOf(chunks.flatMap((chunk) => [...normalizer.push(chunk)]))
    const calls = streamed.calls.map(({ id, ...fn }) => ({ id, type: 'function', function: fn }))
    expect(choice).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: streamed.content || null,
        ...(streamed.reasoning ? { reasoning_content: streamed.reasoning } : {}),
        ...(calls.length > 0 ? { tool_calls: calls } : {}),
      },
      finish_reason: streamed.finishReason,
    })
  })
})
