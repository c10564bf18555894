import type { AssistantMessage, ChatMessage } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { readQuestion } from './question.ts'

test('each result has the name of its call, the last one of that id, however many there are', () => {
  let reads = 0
  const calling = (id: string, name: string): AssistantMessage => ({
    role: 'assistant',
    get tool_calls() {
      reads++
      return [{ id, type: 'function' as const, function: { name, arguments: '{}' } }]
    },
  })
  const results = Array.from({ length: 50 }, (): ChatMessage => ({ role: 'tool', tool_call_id: 'a', content: 'x' }))
  const custom: AssistantMessage = {
    role: 'assistant',
    tool_calls: [{ id: 'b', type: 'custom', custom: { name: 'patch', input: '' } }],
  }
  const question = readQuestion({
    model: 'demo',
    messages: [
      calling('a', 'old'),
      calling('a', 'look'),
      custom,
      ...results,
      { role: 'tool', tool_call_id: 'b', content: 'y' },
      { role: 'tool', tool_call_id: 'gone', content: 'z' },
    ],
  })
  expect(question.results.slice(-3).map(({ tool }) => tool)).toEqual(['look', 'patch', 'gone'])
  expect(question.results).toHaveLength(52)
  expect(question.earlierCalls).toBe(3)
  // The conversation is read once, not once per result.
  expect(reads).toBe(2)
})
