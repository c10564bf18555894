import { DragomanError, type Provider } from '@dragoman/core'
import type { ChatMessage } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { createGateway } from '../gateway.ts'
import { noSignal } from '../test-one-provider.ts'
import { calls, modelOf, question, type Said } from './test-insisting.ts'

const looks: Said = { toolCalls: [calls('get_weather', { city: 'Oslo' })] }
const bothWays = [false, true]

describe('a turn that is over already', () => {
  const over: ChatMessage = { role: 'assistant', content: 'It rains.' }
  const usesTool = (name: string, content = 'Summary of the changes.'): ChatMessage[] => [
    { role: 'assistant', content, tool_calls: [{ id: 'c1', type: 'function', function: { name, arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'ok' },
  ]
  const answering = { ensureToolCall: { answerFinished: true, finishedBy: ['TodoWrite'] } }

  test.each(bothWays)('is answered with nothing, and nobody is called (stream: %s)', async (stream) => {
    const { seen, requests, records } = modelOf([looks], answering)
    const messages = [...question.messages, over]
    const { id, content, finish, usage } = await seen({ stream, messages }, { requestId: 'req_7' })
    expect([id, content || null, finish]).toEqual(['synth_req_7', null, 'stop'])
    expect(usage).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })
    expect(requests).toEqual([])
    expect(records[0]?.attempts).toMatchObject([{ rounds: 0, credential: undefined, usage: undefined }])
  })

  test('needs no credential', async () => {
    const credentials = { lease: () => Promise.reject(new DragomanError('no_credential', 'none')), status: () => [] }
    const provider: Provider = { id: 'x', chat: () => [] as never, close: async () => {} }
    const entry = { id: 'x', provider, credentials }
    const gateway = createGateway({
      providers: [],
      models: [{ name: 'm', deployments: [{ entry, model: 'up', ...answering }] }],
    })
    const request = { ...question, messages: [...question.messages, over] }
    const { kind } = await gateway.chat(request, { signal: noSignal })
    expect(kind).toBe('completion')
  })

  test.each<[string, ChatMessage[], number]>([
    ['by a single call of a tool that ends the work, beside a summary', usesTool('TodoWrite'), 0],
    ['not by that call without such a text', usesTool('TodoWrite', 'Next step.'), 1],
    ['not by another tool', usesTool('get_weather'), 1],
    ['not by a message that is to be gone on with', [{ ...over, partial: true }], 1],
    ['nor by one with a prefix', [{ ...over, prefix: true }], 1],
    ['not before the last words of the user', [over, { role: 'user', content: 'And now?' }], 1],
  ])('is known %s', async (_what, messages, expected) => {
    const { seen, requests } = modelOf([looks], answering)
    await seen({ messages: [...question.messages, ...messages] })
    expect(requests).toHaveLength(expected)
  })

  test('is none in a dialect where a last message of the assistant is to be gone on with', async () => {
    const { seen, requests } = modelOf([looks], answering)
    await seen({ messages: [...question.messages, over] }, { dialect: 'anthropic-messages' })
    expect(requests).toHaveLength(1)
  })

  test('is asked about like all others where nothing else is set', async () => {
    const { seen, requests } = modelOf([looks])
    await seen({ messages: [...question.messages, over] })
    expect(requests).toHaveLength(1)
  })
})
