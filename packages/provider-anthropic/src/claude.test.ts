import { collect } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage, Tool } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { anthropic } from './index.ts'
import { answer, startAnthropic } from './test-anthropic.ts'
import { signatureOf } from './test-faults.ts'

const user = (content: string): ChatMessage[] => [{ role: 'user', content }]
const weather: Tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }

type Rig = Awaited<ReturnType<typeof startAnthropic>>

function ask({ provider, call }: Rig, request: Partial<ChatCompletionRequest> = {}) {
  const whole = { model: 'claude-sonnet-4-5', messages: user('Hi'), ...request }
  return collect(provider.chat(whole, call), whole)
}

describe('what models are like', () => {
  test.each<[string, Partial<ChatCompletionRequest>, object]>([
    ['claude-sonnet-4-5-20250929', {}, { max_tokens: 8192 }],
    ['claude-opus-4-20250514', { reasoning_effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['claude-sonnet-4-5', { temperature: 0.3 }, { temperature: 0.3 }],
    ['claude-opus-4-6', { temperature: 0.3 }, { temperature: 0.3, max_tokens: 32_000 }],
    ['claude-opus-4-6', { reasoning_effort: 'xhigh' }, { output_config: { effort: 'max' } }],
    ['claude-opus-4-8', { reasoning_effort: 'xhigh' }, { output_config: { effort: 'xhigh' } }],
    ['claude-opus-4-8', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['claude-opus-5', { tools: [weather], tool_choice: 'required' }, { thinking: { type: 'disabled' } }],
    [
      'claude-opus-5',
      { tools: [weather], tool_choice: 'required', reasoning_effort: 'max' },
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
    ],
    ['claude-opus-5', { tools: [weather] }, { tools: [{ name: 'get_weather' }] }],
    ['claude-3-haiku-20240307', {}, { max_tokens: 4096 }],
    ['claude-fable-5', { reasoning_effort: 'none' }, { thinking: { type: 'adaptive' } }],
    ['claude-opus-5-5', { reasoning_effort: 'none' }, { thinking: { type: 'adaptive' } }],
  ])('%s is sent %j so that it takes it', async (model, request, expected) => {
    await using rig = await startAnthropic()
    rig.script(answer([{ text: 'Hello' }]))
    await ask(rig, { model, ...request })
    expect(await rig.sent()).toMatchObject(expected)
  })

  test.each<[string, Partial<ChatCompletionRequest>, string[]]>([
    ['claude-opus-4-8', { temperature: 0.3 }, ['temperature']],
    ['claude-fable-5', { reasoning_effort: 'none' }, ['reasoning_effort']],
    ['claude-sonnet-4-5', { temperature: 0.3, top_p: 0.5, seed: 7 }, ['top_p', 'seed']],
  ])('%s of %j is not sent what it refuses, and the client is told', async (model, request, dropped) => {
    await using rig = await startAnthropic()
    rig.script(answer([{ text: 'Hello' }]))
    const whole = { model, messages: user('Hi'), ...request }
    expect(rig.provider.accepts?.(whole)).toEqual({ dropped })
    await ask(rig, whole)
    for (const field of dropped) expect(await rig.sent()).not.toHaveProperty(field)
  })

  test('a version of the API that takes no sampling is sent none', async () => {
    await using rig = await startAnthropic({ version: '2026-10-21' })
    rig.script(answer([{ text: 'Hello' }]))
    await ask(rig, { temperature: 0.3 })
    expect(await rig.sent()).not.toHaveProperty('temperature')
  })

  test('an operator may say otherwise, of all whose names begin so', async () => {
    await using rig = await startAnthropic({
      modelOptions: { 'claude-': { maxTokens: 5 }, 'claude-future': { thinking: 'adaptive', maxTokens: 7 } },
    })
    rig.script(answer([{ text: 'a' }]), answer([{ text: 'b' }]))
    await ask(rig, { model: 'claude-future-1', reasoning_effort: 'none' })
    await ask(rig, { model: 'claude-opus-4-8', reasoning_effort: 'none' })
    const [future, known] = rig.upstream.requests.map(({ json }) => json)
    expect(future).toMatchObject({ thinking: { type: 'disabled' }, max_tokens: 7 })
    expect(known).toMatchObject({ thinking: { type: 'disabled' }, max_tokens: 5 })
  })

  test.each<[string, string, Partial<ChatCompletionRequest>]>([
    ['n', 'claude-opus-5', { n: 2 }],
    ['logprobs', 'claude-opus-5', { logprobs: true }],
    ['tool_choice', 'claude-opus-5-5', { tools: [weather], tool_choice: 'required' }],
    ['tool_choice', 'claude-fable-5', { tools: [weather], tool_choice: 'required' }],
    ['messages[1]', 'claude-opus-5', { messages: [...user('Hi'), { role: 'assistant', content: 'I' }] }],
    [
      'messages[1].tool_call_id',
      'claude-opus-5',
      { messages: [...user('Hi'), { role: 'tool', tool_call_id: 'a', content: '' }] },
    ],
  ])('%s that %s cannot honour is refused before any call', (param, model, request) => {
    const { accepts } = anthropic.create({})
    expect(accepts?.({ model, messages: user('Hi'), ...request }).refused).toMatchObject({ param })
  })
})

describe('thinking', () => {
  const thought = [{ thinking: 'A tool knows.' }, { id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }]
  const result = { role: 'tool', tool_call_id: 'toolu_1', content: 'sunny' } as const

  test('covers anthropic reasoning: thinking comes as reasoning_content and details, and goes back signed and first', async () => {
    await using rig = await startAnthropic()
    rig.script(answer(thought), answer([{ text: 'It is sunny.' }]))
    const asked = { reasoning_effort: 'high', tools: [weather] } as const
    const { choices } = await ask(rig, { ...asked, tools: [...asked.tools] })
    const message = choices[0]?.message
    expect(message).toMatchObject({
      reasoning_content: 'A tool knows.',
      reasoning_details: [
        { type: 'reasoning.text', signature: signatureOf('A tool knows.'), format: 'anthropic-claude-v1' },
      ],
    })
    const messages = [...user('Hi'), message as ChatMessage, result]
    expect((await ask(rig, { ...asked, tools: [...asked.tools], messages })).choices[0]?.message.content).toBe(
      'It is sunny.',
    )
    const sent = await rig.sent(2)
    expect(sent.thinking.type).toBe('enabled')
    expect(sent.messages[1].content).toMatchObject([
      { type: 'thinking', thinking: 'A tool knows.', signature: signatureOf('A tool knows.') },
      { type: 'tool_use', id: 'toolu_1' },
    ])
  })

  test('a client that keeps the text of it only goes on without thinking, or with it where none is asked for', async () => {
    await using rig = await startAnthropic()
    rig.script(answer([{ text: 'a' }]), answer([{ text: 'b' }]))
    const call = { id: 'toolu_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } } as const
    const turn = { role: 'assistant', content: null, reasoning_content: 'A tool knows.', tool_calls: [call] } as const
    const messages: ChatMessage[] = [...user('Hi'), { ...turn, tool_calls: [call] }, result]
    await ask(rig, { reasoning_effort: 'high', tools: [weather], messages })
    expect(await rig.sent()).not.toHaveProperty('thinking')
    await ask(rig, { model: 'claude-opus-5', reasoning_effort: 'high', tools: [weather], messages })
    expect((await rig.sent(2)).thinking.type).toBe('adaptive')
  })
})

test('covers anthropic text: a system prompt, several messages of one role and empty texts become turns', async () => {
  await using rig = await startAnthropic()
  rig.script(answer([{ text: 'Hello!' }]))
  const { choices, usage } = await ask(rig, {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'And kind.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'Hi' },
        ],
      },
      { role: 'user', content: 'there' },
    ],
  })
  expect(choices[0]).toMatchObject({ message: { content: 'Hello!' }, finish_reason: 'stop' })
  expect(usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 7, total_tokens: 17 })
  expect(await rig.sent()).toMatchObject({
    system: 'Be brief.\n\nAnd kind.',
    messages: [{ role: 'user', content: [{ text: 'Hi' }, { text: 'there' }] }],
  })
})

test('covers anthropic images: a data URL is sent as its bytes, another as it is', async () => {
  await using rig = await startAnthropic()
  rig.script(answer([{ text: 'A dot.' }]))
  const images = ['data:image/png;base64,iVBORw0KGgo=', 'https://a.test/b.png'].map((url) => ({
    type: 'image_url' as const,
    image_url: { url },
  }))
  await ask(rig, { messages: [{ role: 'user', content: images }] })
  expect((await rig.sent()).messages[0].content).toEqual([
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    { type: 'image', source: { type: 'url', url: 'https://a.test/b.png' } },
  ])
})

test('covers anthropic files: a PDF is a document, a text is one in plain text', async () => {
  await using rig = await startAnthropic()
  rig.script(answer([{ text: 'Empty.' }]))
  const file = (file_data: string, filename: string) => ({ type: 'file' as const, file: { file_data, filename } })
  const files = [file('data:application/pdf;base64,JVBERi0=', 'a.pdf'), file('data:text/plain;base64,SGk=', 'b.txt')]
  await ask(rig, { messages: [{ role: 'user', content: files }] })
  expect((await rig.sent()).messages[0].content).toMatchObject([
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hi' }, title: 'b.txt' },
  ])
})

test("covers anthropic search: Anthropic's own tool goes through as it is named", async () => {
  await using rig = await startAnthropic()
  rig.script(answer([{ text: 'Found.' }]))
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 }
  // Chat knows no such tool; its schema takes it, as all unknown ones.
  await ask(rig, { tools: [search as unknown as Tool] })
  expect((await rig.sent()).tools).toEqual([search])
})

test('covers anthropic usage: what was read from the cache and written to it is part of the prompt, and told', async () => {
  await using rig = await startAnthropic()
  const numbers = { input_tokens: 3, cache_creation_input_tokens: 10, cache_read_input_tokens: 1000, output_tokens: 9 }
  const content = [{ type: 'text', text: 'Hi' }]
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'c', content, stop_reason: 'end_turn' }
  rig.script({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...message, usage: numbers }) })
  expect((await ask(rig)).usage).toMatchObject({
    prompt_tokens: 1013,
    completion_tokens: 9,
    prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 10 },
  })
})
