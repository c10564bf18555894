import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { messagesClient, messagesUpstream } from './anthropic-messages/index.ts'
import { responsesClient, responsesUpstream } from './openai-responses/index.ts'

// What 32 MB hold: more than fits on the stack, and more than one may search for each.
const many = 150_000
const of = <T>(make: (i: number) => T) => Array.from({ length: many }, (_, i) => make(i))

test('a message of very many parts is read and written', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://x.example' } }
  const messages = [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: of(() => image) }] },
  ]
  const { chat } = messagesClient.readRequest({ model: 'm', max_tokens: 5, messages })
  expect(chat.messages.at(-1)?.content).toHaveLength(2 * many)
  const parts = of(() => ({ type: 'input_text', text: 'a' }))
  const read = responsesClient.readRequest({ model: 'm', input: [{ role: 'user', content: parts }] })
  expect(read.chat.messages[0]?.content).toHaveLength(many)
  expect(messagesUpstream.writeRequest(read.chat).body.messages).toMatchObject([{ content: { length: many } }])
  expect(responsesUpstream.writeRequest(read.chat).body.input).toMatchObject([{ content: { length: many } }])
})

test('very many results, each behind another message, are put in their places without a search for each', () => {
  const messages = [
    { role: 'assistant', content: of((i) => ({ type: 'tool_use', id: `t${i}`, name: 'f', input: {} })) },
    ...of((i) => [
      { role: 'user', content: 'x' },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `t${i}`, content: 'y' }] },
    ]).flat(),
  ]
  const { chat } = messagesClient.readRequest({ model: 'm', max_tokens: 5, messages })
  expect(chat.messages).toHaveLength(1 + 2 * many)
  expect(chat.messages[many]).toMatchObject({ role: 'tool', tool_call_id: `t${many - 1}` })
})

test('one id in very many turns becomes another in each', () => {
  const turn: ChatCompletionRequest['messages'] = [
    { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'c', content: 'y' },
  ]
  const { body } = messagesUpstream.writeRequest({ model: 'm', messages: of(() => turn).flat() })
  const ids = JSON.stringify(body).match(/"tool_use_id":"[^"]*"/g)
  expect(new Set(ids).size).toBe(many)
})
