import { toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { canary, everyCut, stall, testProvider, weatherTool } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { encodeFrame } from './web/frames.ts'
import { answer, chatPath, endFrame, start, streamed, user } from './web/test-site.ts'
import { kimiWeb } from './web.ts'

testProvider(kimiWeb, new URL('../fixtures/web/', import.meta.url), {
  ordinary: 'text',
  values: { token: canary('token') },
  configure: (origin) => ({ baseUrl: origin, authBaseUrl: origin, keepChats: true }),
})

describe('the message', () => {
  test('covers kimi-web text: the conversation is one text, without client tools of the site', async () => {
    await using rig = await start()
    const messages: ChatCompletionRequest['messages'] = [
      { role: 'system', content: 'Be brief.' },
      ...user('One'),
      { role: 'assistant', content: 'Yes?' },
      ...user('Go on'),
    ]
    const { choices, usage } = await rig.ask({ messages })
    expect(choices[0]).toMatchObject({ message: { content: 'Hello.' }, finish_reason: 'stop' })
    expect(usage?.estimated).toBe(true)
    expect(rig.site.messages).toEqual([
      {
        chat_id: '',
        scenario: 'SCENARIO_K2D6',
        tools: [],
        message: {
          parent_id: '',
          role: 'user',
          scenario: 'SCENARIO_K2D6',
          is_goal: false,
          blocks: [{ message_id: '', text: { content: 'System: Be brief.\nUser: One\nAssistant: Yes?\nUser: Go on' } }],
        },
        options: { thinking: false },
        project_id: '',
      },
    ])
  })

  test.each([
    ['kimi-k2.6', { reasoning_effort: 'none' }, { thinking: false, reasoning_effort: 'REASONING_EFFORT_NONE' }],
    ['kimi-k2.6', { reasoning_effort: 'low' }, { thinking: true, reasoning_effort: 'REASONING_EFFORT_LOW' }],
    ['kimi-k2.6', { reasoning_effort: 'high' }, { thinking: true, reasoning_effort: 'REASONING_EFFORT_MAX' }],
    ['kimi-k2.6', { thinking: { type: 'enabled' } }, { thinking: true }],
    ['kimi-k2.6-thinking', {}, { thinking: true }],
    ['kimi-k2-thinking', {}, { thinking: true }],
    ['kimi-k2-thinking', { thinking: { type: 'disabled' } }, { thinking: false }],
  ])('covers kimi-web reasoning: %s thinks as %j asks', async (model, request, expected) => {
    await using rig = await start()
    await rig.ask({ model, ...request })
    expect(rig.site.messages[0]?.options).toEqual(expected)
  })

  test.each<[string, Partial<ChatCompletionRequest>]>([
    ['kimi-k2.6-search', {}],
    ['kimi-search', {}],
    ['kimi-k2.6', { web_search_options: {} }],
    ['kimi-k2.6', { tools: [{ type: 'web_search' }] }],
  ])('covers kimi-web search: %s with %j turns the site’s own on', async (model, request) => {
    await using rig = await start()
    await rig.ask({ model, ...request })
    expect(rig.site.messages[0]?.tools).toEqual([{ type: 'TOOL_TYPE_SEARCH', search: {} }])
  })

  test('an unknown model is a 404 before anything is sent', async () => {
    await using rig = await start()
    const call = await rig.call()
    const before = rig.upstream.requests.length
    await expect(rig.ask({ model: 'gpt-6' }, call)).rejects.toMatchObject({ code: 'model_not_found' })
    await expect(rig.ask({ model: 'constructor' }, call)).rejects.toMatchObject({ code: 'model_not_found' })
    expect(rig.upstream.requests).toHaveLength(before)
  })

  test('its models are those of the table with their variants, and the table is an option', async () => {
    await using rig = await start({ models: { mine: { scenario: 'SCENARIO_X', model: 'x-chat' } } })
    const names = (await rig.provider.models?.(await rig.call()))?.map(({ id }) => id)
    expect(names).toEqual(['mine', 'mine-thinking', 'mine-nothink', 'mine-search'])
    await rig.ask({ model: 'mine-thinking' })
    expect(rig.site.messages[0]).toMatchObject({ scenario: 'SCENARIO_X', options: { thinking: true, model: 'x-chat' } })
  })

  test('covers kimi-web files: a file of text is written into the message', async () => {
    await using rig = await start()
    const file = { filename: 'a.md', file_data: `data:text/plain;base64,${btoa('abc')}` }
    await rig.ask({ messages: [{ role: 'user', content: [{ type: 'file', file }] }] })
    expect(rig.site.messages[0]?.message.blocks[0]?.text?.content).toBe('File a.md:\nabc\nEnd of the file.')
  })
})

test('covers kimi-web stream: an answer is the same wherever its bytes are cut', async () => {
  await using rig = await start({ keepChats: true })
  const frames = [...answer('Grüße 👋').map((message) => encodeFrame(message)), endFrame()]
  const call = await rig.call()
  for (const pieces of everyCut(Buffer.concat(frames))) {
    rig.site.answer = () => ({ headers: { 'content-type': 'application/connect+json' }, body: pieces })
    const { choices } = await rig.ask({}, call)
    if (choices[0]?.message.content !== 'Grüße 👋') expect(pieces).toBe('cut so that it reads the same')
  }
})

test('covers kimi-web tools: they are prompted, read back, and their results go on', async () => {
  await using rig = await start()
  rig.site.answer = (text) => {
    if (text.includes('sunny in Oslo')) return streamed(...answer('It is sunny in Oslo'), endFrame())
    if (!text.includes('get_weather')) return streamed(...answer('I have no tools'), endFrame())
    const block = '```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}]}\n```'
    return streamed(...answer(`Let me look.\n\n${block}`), endFrame())
  }
  const fetch = toFetch(rig.provider, { credential: rig.source, clock: rig.clock })
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const runner = client.chat.completions.runTools({
    model: 'kimi-k2.6',
    messages: user('Weather?'),
    stream: true,
    tools: [weatherTool().tool],
  })
  expect(await runner.finalContent()).toBe('It is sunny in Oslo')
})

test('a stop text ends a stream wherever it is cut, and closes the socket', async () => {
  await using rig = await start()
  const pieces = ['One, ', 'two', ', th', 'ree'].map((content, i) => ({
    op: i === 0 ? 'set' : 'append',
    eventOffset: 10 + i,
    block: { id: 'b1', parentId: 'm-1', text: { content } },
  }))
  rig.site.answer = () => streamed(...answer('').slice(0, 3), ...pieces, stall())
  const { choices } = await rig.ask({ stop: ', three' })
  expect(choices[0]).toMatchObject({ message: { content: 'One, two' }, finish_reason: 'stop' })
  const chat = rig.upstream.requests.find(({ path }) => path === chatPath)
  await expect(chat?.closed).resolves.toBe('aborted')
})
