import type { AssistantMessage } from '@dragoman/openai-schema'
import { chatStream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { messages, startOpenRouter as start } from './test-openrouter.ts'

/** An answer of the history as OpenRouter gets it back. */
const sent = async (answer: Omit<AssistantMessage, 'role'>) => {
  await using rig = await start(chatStream({ text: 'Hi' }))
  await rig.answer({ messages: [...messages, { role: 'assistant', ...answer }, ...messages] })
  return (await rig.sent()).messages[1]
}

test('covers openrouter reasoning: details go back unchanged and in order, without the same text beside them', async () => {
  const reasoning_details = [
    { type: 'reasoning.text' as const, text: 'Oslo.', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
    { type: 'reasoning.encrypted' as const, data: 'b3BhcXVl', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
    { type: 'reasoning.encrypted' as const, data: 'c2VhbGVk', id: 'call_2', format: 'google-gemini-v1', index: 0 },
  ]
  const answer = { content: 'Cold.', reasoning_content: 'Oslo.' }
  expect(await sent({ ...answer, reasoning_details })).toEqual({
    role: 'assistant',
    content: 'Cold.',
    reasoning_details,
  })
})

test('text without details goes back as reasoning', async () => {
  const encrypted = { type: 'reasoning.encrypted' as const, data: 'b3BhcXVl', id: 'call_1' }
  const plain = { role: 'assistant', content: 'Cold.', reasoning: 'Oslo.' }
  expect(await sent({ content: 'Cold.', reasoning_content: 'Oslo.' })).toEqual(plain)
  const both = await sent({ content: 'Cold.', reasoning: 'Oslo.', reasoning_details: [encrypted] })
  expect(both).toEqual({ ...plain, reasoning_details: [encrypted] })
})

test('details that a client kept in pieces go back as whole blocks', async () => {
  const piece = { type: 'reasoning.text' as const, format: 'anthropic-claude-v1', index: 0 }
  const reasoning_details = [
    { ...piece, text: 'Need the ' },
    { ...piece, text: 'forecast.' },
    { ...piece, signature: 'c2ln' },
    { ...piece, text: 'Again.', signature: 'b3RoZXI=' },
    { type: 'reasoning.encrypted' as const, data: 'b3BhcXVl', index: 0 },
  ]
  expect((await sent({ content: '', reasoning_details })).reasoning_details).toEqual([
    { ...piece, text: 'Need the forecast.', signature: 'c2ln', index: 0 },
    { ...piece, text: 'Again.', signature: 'b3RoZXI=', index: 1 },
    { type: 'reasoning.encrypted', data: 'b3BhcXVl', index: 2 },
  ])
})
