import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { eventStream, gate, sse, weatherTool } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { request, startSession } from './test-session.ts'
import { frame, frames, goodToken, says } from './test-site.ts'
import { longcatWeb } from './web.ts'

describe('what is asked', () => {
  test('covers longcat-web text: one text, as it is, with the site’s headers and body', async () => {
    await using rig = await startSession()
    const { choices } = await rig.ask()
    expect(choices[0]).toMatchObject({ message: { content: 'Hello.' }, finish_reason: 'stop' })
    expect(rig.site.questions).toMatchObject([{ content: 'Hi', agentId: '1', reasonEnabled: 0, searchEnabled: 0 }])
  })

  test.each([
    ['the bare value', goodToken],
    ['a whole cookie header', `_lxsdk_cuid=1a; passport_token_key=${goodToken}; _lxsdk_s=2b`],
    ['one with its name', `Cookie: passport_token_key=${goodToken}`],
  ])('the cookie may be given as %s', async (_, token) => {
    await using rig = await startSession({}, token)
    await rig.ask()
    expect(rig.site.requests[0]?.headers.cookie).toBe(
      token === goodToken ? `passport_token_key=${goodToken}` : token.replace('Cookie: ', ''),
    )
  })

  test('a cookie header without the passport is none', () => {
    expect(longcatWeb.credential.safeParse({ token: '_lxsdk_cuid=1a; _lxsdk_s=2b' }).success).toBe(false)
  })

  test.each<[Partial<ChatCompletionRequest>, { reasonEnabled: number; searchEnabled: number }]>([
    [{ model: 'LongCat-Flash' }, { reasonEnabled: 0, searchEnabled: 0 }],
    [{ model: 'longcat-search' }, { reasonEnabled: 0, searchEnabled: 1 }],
    [{ model: 'LongCat-Thinking' }, { reasonEnabled: 1, searchEnabled: 0 }],
    [{ model: 'LongCat-Thinking-Search' }, { reasonEnabled: 1, searchEnabled: 1 }],
    [
      { model: 'LongCat-Thinking', reasoning_effort: 'none' },
      { reasonEnabled: 0, searchEnabled: 0 },
    ],
    [{ reasoning_effort: 'low' }, { reasonEnabled: 1, searchEnabled: 0 }],
    [{ thinking: { type: 'enabled' } }, { reasonEnabled: 1, searchEnabled: 0 }],
    [{ web_search_options: {} }, { reasonEnabled: 0, searchEnabled: 1 }],
    [{ tools: [{ type: 'web_search' }] }, { reasonEnabled: 0, searchEnabled: 1 }],
  ])('%j sets %j', async (given, switches) => {
    await using rig = await startSession()
    await rig.ask(given)
    expect(rig.site.questions).toMatchObject([switches])
  })

  test('a conversation is one text, instructions first, each message in a tag of its role', async () => {
    await using rig = await startSession()
    await rig.ask({
      messages: [
        { role: 'user', content: 'One', name: 'Ann' },
        { role: 'assistant', content: null, refusal: 'No' },
        { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'Two' },
      ],
    })
    expect(rig.site.questions[0]?.content).toBe(
      '<system>\nBe brief.\n</system>\n\n<user name="Ann">\nOne\n</user>\n\n<assistant>\nNo\n</assistant>\n\n<user>\nTwo\n</user>',
    )
  })

  test('the protocol before, without an agent', async () => {
    await using rig = await startSession({ protocol: 'v1', appKey: '' })
    const choice = { index: 0, delta: { content: 'Hi.' }, finishReason: 'stop' }
    rig.site.answers(eventStream(sse({ choices: [choice], contentStatus: 'FINISHED', lastOne: true })))
    expect((await rig.ask()).choices[0]?.message.content).toBe('Hi.')
    expect(rig.site.requests[0]?.json).toEqual({ model: '', agentId: '' })
    expect(rig.site.requests[0]?.headers).not.toHaveProperty('m-appkey')
  })

  test('covers longcat-web files: a file of text is inlined with its name', async () => {
    await using rig = await startSession()
    const file = { file_data: `data:text/plain;base64,${Buffer.from('Grüße').toString('base64')}`, filename: 'a.txt' }
    await rig.ask({ messages: [{ role: 'user', content: [{ type: 'file', file }] }] })
    expect(rig.site.questions[0]?.content).toBe('<file name="a.txt">\nGrüße\n</file>')
  })
})

describe('what is refused before any call', () => {
  test.each<[Partial<ChatCompletionRequest>, number, string]>([
    [{ model: 'LongCat-9' }, 404, 'model'],
    [{ n: 2 }, 400, 'n'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'https://a.test/b.png' }] }] },
      400,
      'messages[0].content[0].type',
    ],
    [{ tools: [{ type: 'function', function: { name: 'look' } }] }, 400, 'tools'],
  ])('%j is a %i for its %s', async (given, status, param) => {
    await using rig = await startSession({ promptTools: false })
    const body = JSON.stringify({ ...request, ...given })
    const response = await rig.fetch('https://x/v1/chat/completions', { method: 'POST', body })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { param } })
    expect(rig.site.requests).toHaveLength(0)
  })

  test('what has no effect is named', async () => {
    await using rig = await startSession()
    const given: ChatCompletionRequest = {
      ...request,
      temperature: 0.5,
      max_tokens: 5,
      stop: 'END',
      messages: [{ role: 'assistant', content: 'a', reasoning_content: 'b' }, ...request.messages],
      tools: [{ type: 'code_interpreter' }, { type: 'web_search' }],
    }
    expect(rig.provider.accepts?.(given)).toEqual({
      dropped: ['max_tokens', 'temperature', 'messages[].reasoning_content', 'tools[0]'],
    })
  })
})

describe('what is answered', () => {
  test('covers longcat-web stream: a chunk is there before the next frame is', async () => {
    await using rig = await startSession()
    const middle = gate()
    const [first = '', ...rest] = sse(
      frame({ type: 'content', content: 'Hel' }),
      frame({ type: 'content', content: 'lo' }),
      frame({ type: 'finish' }, { lastOne: true }),
    )
    rig.site.answers(eventStream([first, middle, ...rest]))
    const chunks = rig.provider.chat(request, rig.call)[Symbol.asyncIterator]()
    const { value } = await chunks.next()
    expect(value?.choices[0]?.delta).toEqual({ content: 'Hel' })
    middle.open()
    const others: ChatCompletionChunk[] = []
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) others.push(chunk)
    expect(others.map(({ choices }) => choices[0]?.delta.content ?? choices[0]?.finish_reason)).toEqual(['lo', 'stop'])
  })

  test('covers longcat-web reasoning: thinking becomes reasoning_content', async () => {
    await using rig = await startSession()
    rig.site.answers(frames({ type: 'think', content: 'So.' }, { type: 'content', content: '4' }, { type: 'finish' }))
    const { choices } = await rig.ask({ model: 'LongCat-Thinking' })
    expect(choices[0]?.message).toMatchObject({ reasoning_content: 'So.', content: '4' })
  })

  test('covers longcat-web search: results become annotations and stay out of the text', async () => {
    await using rig = await startSession()
    const results = JSON.stringify([{ title: 'Sum', url: 'https://example.org/sum' }])
    rig.site.answers(
      frames({ type: 'local_life_search', content: results }, { type: 'content', content: '4' }, { type: 'finish' }),
    )
    const { choices } = await rig.ask({ model: 'LongCat-Search' })
    expect(choices[0]?.message).toMatchObject({
      content: '4',
      annotations: [{ url_citation: { url: 'https://example.org/sum', title: 'Sum' } }],
    })
  })

  test('covers longcat-web usage: the site reports it', async () => {
    await using rig = await startSession()
    expect((await rig.ask()).usage).toEqual({ prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 })
  })

  test('a genuine repetition is kept', async () => {
    await using rig = await startSession()
    rig.site.answers(says('ha', 'ha', 'hah', ' hah!'))
    expect((await rig.ask()).choices[0]?.message.content).toBe('hahahah hah!')
  })

  test('text that only looked cumulative is not lost', async () => {
    await using rig = await startSession()
    rig.site.answers(says('1', '10', ' apples'))
    expect((await rig.ask()).choices[0]?.message.content).toBe('10 apples')
  })

  test('a stop ends the answer', async () => {
    await using rig = await startSession()
    rig.site.answers(says('One E', 'ND two'))
    expect((await rig.ask({ stop: ['END'] })).choices[0]?.message.content).toBe('One ')
    await rig.site.deletions(1)
  })

  test('covers longcat-web tools: an agent loop of the OpenAI SDK ends after one round of calls', async () => {
    await using rig = await startSession()
    const call =
      '```json\n{"tool_calls": [{"id": "a", "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}]}\n```'
    rig.site.answers(says('Let me ', 'look.\n\n', call.slice(0, 40), call.slice(40)), says('It is sunny.'))
    const client = new OpenAI({ apiKey: '-', fetch: rig.fetch, maxRetries: 0 })
    const { cities, tool: get_weather } = weatherTool()
    const runner = client.chat.completions.runTools({
      model: 'LongCat',
      stream: true,
      messages: [{ role: 'user', content: 'Weather?' }],
      tools: [get_weather],
    })
    expect(await runner.finalContent()).toBe('It is sunny.')
    expect(cities).toEqual(['Oslo'])
    expect(rig.site.questions[1]?.content).toContain(
      '<tool_result name="get_weather" id="a">\nsunny in Oslo\n</tool_result>',
    )
    expect(rig.site.questions[1]?.content).toContain('<assistant>\nLet me look.')
  })

  test('a client of the deprecated functions gets its function_call', async () => {
    await using rig = await startSession()
    rig.site.answers(says('```json\n{"tool_calls": [{"function": {"name": "look", "arguments": {}}}]}\n```'))
    const { choices } = await rig.ask({ functions: [{ name: 'look' }] })
    expect(choices[0]).toMatchObject({
      message: { function_call: { name: 'look', arguments: '{}' } },
      finish_reason: 'function_call',
    })
    expect(choices[0]?.message).not.toHaveProperty('tool_calls')
  })

  test('a sensitive end is told as content_filter, also without any text', async () => {
    await using rig = await startSession()
    rig.site.answers(frames({ type: 'finish', finishType: 'sensitive' }))
    expect((await rig.ask()).choices[0]).toMatchObject({ message: { content: '' }, finish_reason: 'content_filter' })
  })
})
