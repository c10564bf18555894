import { chatChunks, wholeAnswer } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { joinTurns } from './conversation.ts'

test('a chain of stored turns goes on where it was, with its reasoning, and without old instructions', () => {
  const first = responsesClient.openRequest({ model: 'm', input: 'Look', instructions: 'Be brief.' })
  expect(first).toMatchObject({ isStored: true, previousResponseId: undefined, references: [] })
  const read = first.read({ seal: openSeal })
  const encoder = read.encoder()
  framesOf(encoder, chatChunks({ reasoning: 'Hm.', toolCalls: [{ id: 'a', name: 'look' }] }))
  if (!encoder.final) throw new Error('No response')
  const turn = { input: read.input(), items: encoder.final.items }

  const next = responsesClient.openRequest({
    model: 'm',
    previous_response_id: encoder.final.response.id,
    input: [{ type: 'function_call_output', call_id: 'a', output: 'seen' }],
  })
  expect(next.previousResponseId).toBe(encoder.final.response.id)
  expect(next.read({ seal: openSeal, history: joinTurns([turn]) }).chat.messages).toEqual([
    { role: 'user', content: 'Look' },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'seen' },
  ])
})

test('a request with earlier items needs no input of its own', () => {
  const body = { model: 'm', previous_response_id: 'resp_1' }
  const history = [{ role: 'user' as const, content: 'Hi' }]
  expect(responsesClient.readRequest(body, { history }).chat.messages).toEqual(history)
})

test('item references are told before reading and replaced in it', () => {
  const { items } = responsesClient
    .readRequest({ model: 'm', input: 'Hi' })
    .answer(wholeAnswer({ text: 'Hello', toolCalls: [{ id: 'a', name: 'f' }] }))
  const [message, call] = items
  const opened = responsesClient.openRequest({
    model: 'm',
    input: [
      { role: 'user', content: 'Hi' },
      { type: 'item_reference', id: message?.id },
      { type: 'item_reference', id: call?.id },
      { type: 'function_call_output', call_id: 'a', output: 'ok' },
    ],
  })
  expect(opened.references).toEqual([message?.id, call?.id])
  const read = opened.read({ references: new Map(items.map((item) => [item.id, item])) })
  expect(read.chat.messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', content: 'Hello', tool_calls: [{ id: 'a' }] },
    { role: 'tool', tool_call_id: 'a' },
  ])
  expect(read.input()[1]).toEqual(message)
})

test('input items are stored with types, ids and parts', () => {
  const input = [
    { role: 'user', content: 'Hi' },
    { type: 'message', id: 'msg_mine', role: 'assistant', content: 'Hello' },
    { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'a', output: 'ok' },
    { type: 'web_search_call', status: 'completed' },
  ]
  expect(responsesClient.readRequest({ model: 'm', input }).input()).toEqual([
    {
      type: 'message',
      id: expect.stringMatching(/^msg_/),
      role: 'user',
      content: [{ type: 'input_text', text: 'Hi' }],
    },
    { type: 'message', id: 'msg_mine', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    { ...input[2], id: expect.stringMatching(/^fc_/) },
    { ...input[3], id: expect.stringMatching(/^fco_/) },
    { ...input[4], id: expect.stringMatching(/^item_/) },
  ])
  expect(responsesClient.readRequest({ model: 'm', input: 'Hi' }).input()).toMatchObject([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
  ])
})
