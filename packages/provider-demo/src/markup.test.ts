import { collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { demo } from './index.ts'

const provider = demo.create({})

async function messageOf(model: string, messages: ChatMessage[], more: Partial<ChatCompletionRequest> = {}) {
  const request = { model, messages, ...more }
  const call = { credential: credential({}), signal: new AbortController().signal, state: memoryState() }
  const { choices } = await collect(provider.chat(request, call), request)
  return { ...choices[0]?.message, finish_reason: choices[0]?.finish_reason }
}

const user = (content: string): ChatMessage => ({ role: 'user', content })
const lookup = { type: 'function' as const, function: { name: 'lookup', parameters: { properties: { id: {} } } } }

test('think tags stand in the content, before the answer', async () => {
  const message = await messageOf('demo-think-tags', [user('Hello')])
  expect(message.content).toMatch(/^<think>\nThe user's [^<]+\n<\/think>\n\nHello! /)
  expect(message).not.toHaveProperty('reasoning_content')
})

test('where the prompt opens the reasoning, only its end is written', async () => {
  const { content } = await messageOf('demo-think-prefilled', [user('Hello')])
  expect(content).toMatch(/^The user's [^<]+\n<\/think>\n\nHello! /)
})

test('without reasoning there are no tags', async () => {
  for (const model of ['demo-think-tags', 'demo-think-prefilled', 'demo-kimi']) {
    const { content } = await messageOf(model, [user('Hello')], { reasoning_effort: 'none' })
    expect(content).not.toContain('think>')
  }
})

test('a question about tags does not end the reasoning early', async () => {
  const { content } = await messageOf('demo-think-tags', [user('What does </think> mean?')])
  expect(content?.indexOf('</think>')).toBe(content?.indexOf('</think>\n\nHello!'))
})

test('Kimi’s calls are text, counted on from those of the conversation', async () => {
  const earlier: ChatMessage[] = [
    user('lookup 1'),
    {
      role: 'assistant',
      tool_calls: [{ id: 'functions.lookup:0', type: 'function', function: { name: 'lookup', arguments: '{"id":1}' } }],
    },
    { role: 'tool', tool_call_id: 'functions.lookup:0', content: 'one' },
    { role: 'assistant', content: 'It is one.' },
  ]
  const message = await messageOf('demo-kimi', [...earlier, user('Please lookup “two”')], { tools: [lookup] })
  expect(message.content).toMatch(/^<think>\n[^<]+\n<\/think>\n\nLet me look\. 👀<\|tool_calls_section_begin\|>/)
  expect(message.content).toContain(
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.lookup:1<|tool_call_argument_begin|>{"id":"two"}<|tool_call_end|><|tool_calls_section_end|>',
  )
  expect(message).not.toHaveProperty('tool_calls')
  expect(message.finish_reason).toBe('stop')
})

test('a custom tool is called by Kimi with its input as an argument', async () => {
  const tools = [{ type: 'custom' as const, custom: { name: 'patch' } }]
  const { content } = await messageOf('demo-kimi', [user('patch "it"')], { tools })
  expect(content).toContain('functions.patch:0<|tool_call_argument_begin|>{"input":"patch \\"it\\""}<|tool_call_end|>')
})

test('Kimi writes plain text when there are no tools', async () => {
  expect((await messageOf('demo-kimi', [user('Hello')])).content).toMatch(/^Hello! /)
})
