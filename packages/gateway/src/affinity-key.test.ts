import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { affinityKey } from './affinity-key.ts'

const { signal } = new AbortController()
const request: ChatCompletionRequest = {
  model: 'm',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
  ],
}
const keyOf = (over: Partial<ChatCompletionRequest>, context: { client?: string; session?: string } = {}) =>
  affinityKey({ ...request, ...over }, { signal, ...context })

test('what a client names counts, and is its own', () => {
  expect(keyOf({ prompt_cache_key: 'c1' }, { client: 'a' })).toBe(
    keyOf({ prompt_cache_key: 'c1', model: 'n' }, { client: 'a' }),
  )
  expect(keyOf({ prompt_cache_key: 'c1' }, { client: 'a' })).not.toBe(
    keyOf({ prompt_cache_key: 'c1' }, { client: 'b' }),
  )
  expect(keyOf({}, { session: 's' })).toBe('open s')
  expect(keyOf({ prompt_cache_key: 'c' }, { session: 's' })).toBe('open c')
})

test('without a name, a conversation is known by how it begins', () => {
  const later: ChatCompletionRequest['messages'] = [
    ...request.messages,
    { role: 'assistant', content: 'Hi' },
    { role: 'user', content: 'And now?' },
  ]
  expect(keyOf({ messages: later })).toBe(keyOf({}))
})

test.each<[string, Partial<ChatCompletionRequest>]>([
  ['model', { model: 'n' }],
  [
    'system prompt',
    {
      messages: [
        { role: 'system', content: 'Be long.' },
        { role: 'user', content: 'Hello' },
      ],
    },
  ],
  [
    'question',
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hullo' },
      ],
    },
  ],
  ['length of the question', { messages: [{ role: 'user', content: 'a'.repeat(5000) }] }],
  ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
])('another %s is another conversation', (_what, over) => {
  expect(keyOf(over)).not.toBe(keyOf({}))
})

test('the keys of many conversations differ, and hold nothing of their texts', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) =>
    keyOf({ messages: [{ role: 'user', content: `question ${i}` }] }),
  )
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys[0]).not.toContain('question')
})
