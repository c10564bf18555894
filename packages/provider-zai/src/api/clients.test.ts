import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatStream, tokens } from '@dragoman/testkit'
import { streamText } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { messages, startZai as start } from './test-zai.ts'

const tool = { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } }

test('covers zai stream: the OpenAI SDK streams text, reasoning and usage', async () => {
  await using rig = await start(chatStream({ reasoning: ['Well', '.'], text: ['Hel', 'lo'], usage: tokens(3, 4) }))
  const openai = new OpenAI({ apiKey: '-', fetch: rig.fetch })
  const stream = await openai.chat.completions.create({
    model: 'GLM-4.6-Thinking',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hi' }],
  })
  let text = ''
  let reasoning = ''
  let total: number | undefined
  for await (const { choices, usage } of stream) {
    const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {}
    text += delta.content ?? ''
    reasoning += delta.reasoning_content ?? ''
    total = usage?.total_tokens ?? total
  }
  expect([text, reasoning, total]).toEqual(['Hello', 'Well.', 7])
})

test('covers zai tools: the OpenAI SDK gets a call and sends its result back', async () => {
  await using rig = await start(
    chatStream({ toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Paris"}'] }] }),
  )
  const openai = new OpenAI({ apiKey: '-', fetch: rig.fetch })
  const question = { role: 'user' as const, content: 'Paris?' }
  const first = await openai.chat.completions.create({ model: 'glm-5.3', messages: [question], tools: [tool] })
  const message = first.choices[0]?.message
  expect(message?.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }])
  if (!message) return
  const result = { role: 'tool' as const, tool_call_id: message.tool_calls?.[0]?.id ?? '', content: '18 °C' }
  await openai.chat.completions.create({ model: 'glm-5.3', messages: [question, message, result], tools: [tool] })
  const [asked, again] = rig.upstream.requests.map(({ json }) => json)
  expect(asked).toMatchObject({ tool_stream: true, tool_choice: 'auto', tools: [tool] })
  expect(again.messages[2]).toEqual(result)
})

test('covers zai text: the AI SDK reads text and reasoning', async () => {
  await using rig = await start(chatStream({ reasoning: 'Well.', text: ['Hel', 'lo'] }))
  const model = createOpenAICompatible({ name: 'zai', baseURL: 'https://zai/v1', fetch: rig.fetch })('glm-5.3')
  const result = streamText({ model, prompt: 'Hi' })
  expect([await result.text, await result.reasoningText]).toEqual(['Hello', 'Well.'])
})

test('covers zai reasoning: reasoning of the history goes back under the name that Z.AI reads', async () => {
  await using rig = await start(chatStream({ text: 'Hi' }))
  const earlier = { role: 'assistant' as const, content: 'Hi', reasoning: 'A greeting.' }
  await rig.answer({ messages: [...messages, earlier, ...messages] })
  expect((await rig.sent()).messages[1]).toEqual({
    role: 'assistant',
    content: 'Hi',
    reasoning_content: 'A greeting.',
  })
})

test('covers zai search: web_search_options ask for a search, whose results become annotations', async () => {
  const found = [{ title: 'News', link: 'https://news.example/' }]
  const frame = {
    id: 'a',
    choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }],
    web_search: found,
  }
  await using rig = await start({
    headers: { 'content-type': 'text/event-stream' },
    body: `data: ${JSON.stringify(frame)}\n\ndata: [DONE]\n\n`,
  })
  const completion = await rig.answer({ web_search_options: {} })
  expect(completion.choices[0]?.message.annotations).toEqual([
    {
      type: 'url_citation',
      url_citation: { url: 'https://news.example/', title: 'News', start_index: 0, end_index: 0 },
    },
  ])
  const search = { enable: true, search_engine: 'search-prime', search_result: true }
  expect((await rig.sent()).tools).toEqual([{ type: 'web_search', web_search: search }])
})

test('covers zai usage: the tokens that Z.AI counted, those of its cache too', async () => {
  const usage = { ...tokens(30, 2), prompt_tokens_details: { cached_tokens: 20 } }
  await using rig = await start(chatStream({ text: 'Hi', usage }))
  expect((await rig.answer()).usage).toEqual(usage)
  expect(await rig.sent()).not.toHaveProperty('stream_options')
})

test('covers zai files: a text file goes into the message with its name, others are refused', async () => {
  await using rig = await start(chatStream({ text: 'Hi' }))
  const asked = (type: string, text: string): ChatCompletionRequest['messages'] => {
    const file_data = `data:${type};base64,${Buffer.from(text).toString('base64')}`
    return [{ role: 'user', content: [{ type: 'file', file: { filename: 'notes.txt', file_data } }] }]
  }
  await rig.answer({ messages: asked('text/plain', 'Buy milk.') })
  expect((await rig.sent()).messages[0].content).toEqual([
    { type: 'text', text: '<file name="notes.txt">\nBuy milk.\n</file>' },
  ])
  await expect(rig.answer({ messages: asked('application/pdf', '%PDF-1.7 ') })).rejects.toMatchObject({
    code: 'unsupported_value',
    param: 'messages[0].content[0].file.file_data',
  })
})
