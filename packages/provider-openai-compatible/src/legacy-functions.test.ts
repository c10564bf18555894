import type { ChatCompletionChunk, ChunkChoice, Delta } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { functionMessagesToTools, toolsToFunctionCall } from './legacy-functions.ts'

function chunk(delta: Delta, finish_reason: ChunkChoice['finish_reason'] = null, index = 0): ChatCompletionChunk {
  return {
    id: 'a',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index, delta, finish_reason }],
  }
}

function deltas(...chunks: ChatCompletionChunk[]) {
  const legacy = toolsToFunctionCall()
  return chunks.flatMap((each) => legacy(each).choices.map(({ delta }) => delta))
}

const look = { index: 0, id: 'a', type: 'function', function: { name: 'look', arguments: '' } } as const

test('text passes as it is, beside a call too', () => {
  expect(deltas(chunk({ content: 'Hi' }), chunk({ content: 'So', tool_calls: [look] }))).toEqual([
    { content: 'Hi' },
    { content: 'So', function_call: { name: 'look', arguments: '' } },
  ])
})

test('of several calls the first is told, also where all come whole under one index', () => {
  const second = { ...look, id: 'b', function: { name: 'run', arguments: '{}' } }
  const more = { index: 0, function: { arguments: '{"a":1}' } }
  const expected = [{ function_call: { name: 'look', arguments: '' } }, { function_call: { arguments: '{"a":1}' } }, {}]
  for (const index of [0, 1]) {
    const chunks = [[look], [more], [{ ...second, index }]].map((tool_calls) => chunk({ tool_calls }))
    expect(deltas(...chunks)).toEqual(expected)
  }
})

test('pieces of a second call never run into the first', () => {
  const second = { index: 1, id: 'b', type: 'function', function: { name: 'run', arguments: '' } } as const
  const pieces = [look, second, { index: 1, function: { arguments: '{}' } }]
  expect(deltas(...pieces.map((piece) => chunk({ tool_calls: [piece] })))).toEqual([
    { function_call: { name: 'look', arguments: '' } },
    {},
    {},
  ])
})

test('each choice has a first call of its own', () => {
  const other = { ...look, id: 'b', function: { name: 'run', arguments: '' } }
  expect(deltas(chunk({ tool_calls: [look] }), chunk({ tool_calls: [other] }, null, 1))).toEqual([
    { function_call: { name: 'look', arguments: '' } },
    { function_call: { name: 'run', arguments: '' } },
  ])
})

test('only the finish reason for calls changes', () => {
  const legacy = toolsToFunctionCall()
  const reasons = (['tool_calls', 'stop', 'length', null] as const).map(
    (reason) => legacy(chunk({}, reason)).choices[0]?.finish_reason,
  )
  expect(reasons).toEqual(['function_call', 'stop', 'length', null])
})

test('a conversation without functions stays the same array', () => {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  expect(functionMessagesToTools(messages)).toBe(messages)
})

test('indexes that start at 1 and an id that comes late lose nothing', () => {
  const pieces = [
    { index: 1, function: { name: 'look', arguments: '' } },
    { index: 1, id: 'a', function: { arguments: '{"a"' } },
    { index: 1, function: { arguments: ':1}' } },
    { index: 1, id: 'b', function: { name: 'run', arguments: '{}' } },
    { index: 2, function: { name: 'run', arguments: '{}' } },
  ]
  expect(deltas(...pieces.map((piece) => chunk({ tool_calls: [piece] })))).toEqual([
    { function_call: { name: 'look', arguments: '' } },
    { function_call: { arguments: '{"a"' } },
    { function_call: { arguments: ':1}' } },
    {},
    {},
  ])
})
