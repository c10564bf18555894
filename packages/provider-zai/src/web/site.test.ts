import { collect } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { errorReply, gate, htmlPage } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { accountToken, done, frame, guestToken, said, startSite, stream } from './test-site.ts'

const block = '<details type="reasoning" done="true" duration="1">\n<summary>Thought</summary>\n> Well.\n</details>\n'
const thinking = frame({
  phase: 'thinking',
  delta_content: '<details type="reasoning">\n<summary>…</summary>\n> Well.',
})
const user = (content: string) => ({ role: 'user' as const, content })

describe('a call', () => {
  test('covers zai-web text: a signed call gets an answer, whose end needs no [DONE]', async () => {
    await using site = await startSite(stream(...said('Hel', 'lo')))
    const request: ChatCompletionRequest = { model: 'GLM-4.6', messages: [user('Hi')] }
    const completion = await collect(site.provider.chat(request, site.callWith({ token: accountToken })), request)
    expect(site.complaint).toBeUndefined()
    expect(completion.choices[0]).toMatchObject({ message: { content: 'Hello' }, finish_reason: 'stop' })
    expect(site.calls()).toEqual(['GET /', 'POST /api/v2/chat/completions'])
  })

  test('covers zai-web stream: each piece comes as the site sends it', async () => {
    const middle = gate()
    const [first = '', second = '', end = ''] = said('Hel', 'lo')
    const answer = { headers: { 'content-type': 'text/event-stream' }, body: [first, middle, second, end] }
    await using site = await startSite(answer)
    const openai = new OpenAI({ apiKey: '-', fetch: site.fetch() })
    const request = { model: 'GLM-4.6', messages: [user('Hi')], stream: true as const }
    const texts: string[] = []
    for await (const { choices } of await openai.chat.completions.create(request)) {
      texts.push(choices[0]?.delta.content ?? '')
      middle.open()
    }
    expect(texts.filter((text) => text !== '')).toEqual(['Hel', 'lo'])
  })

  test('covers zai-web reasoning: thinking comes once, out of its wrapper, and only where it is asked for', async () => {
    const answer = frame({ phase: 'answer', edit_index: 0, edit_content: `${block}Hello` })
    await using site = await startSite(stream(thinking, answer, done))
    const openai = new OpenAI({ apiKey: '-', fetch: site.fetch() })
    const { choices } = await openai.chat.completions.create({ model: 'GLM-4.5-Thinking', messages: [user('Hi')] })
    expect(choices[0]?.message).toMatchObject({ content: 'Hello', reasoning_content: 'Well.' })
    await site.chunks({ model: 'GLM-4.5' })
    await site.chunks({ model: 'glm-4.5-thinking', enable_thinking: false })
    expect(site.sent().map(({ features }) => features.enable_thinking)).toEqual([true, false, false])
  })

  test('covers zai-web search: the name or the request asks for it, and its results are annotations', async () => {
    const found = frame({ phase: 'search', results: [{ title: 'News', url: 'https://news.example/' }] })
    await using site = await startSite(stream(found, ...said('Hello')))
    const chunks = await site.chunks({ model: 'GLM-4.6-Search' })
    await site.chunks({ model: 'GLM-4.6', web_search: true })
    await site.chunks({ model: 'GLM-4.7-advanced-search' })
    expect(chunks[0]?.choices[0]?.delta.annotations).toMatchObject([{ url_citation: { url: 'https://news.example/' } }])
    const asked = site.sent().map(({ features, mcp_servers }) => [features.auto_web_search, mcp_servers])
    expect(asked).toEqual([
      [true, []],
      [true, []],
      [true, ['advanced-search']],
    ])
  })

  test('covers zai-web usage: the last one counts', async () => {
    const usage = (total_tokens: number) => ({ prompt_tokens: 3, completion_tokens: total_tokens - 3, total_tokens })
    const first = frame({ phase: 'other', usage: usage(4) })
    await using site = await startSite(stream(first, frame({ phase: 'other', usage: usage(9) }), ...said('Hello')))
    expect((await site.chunks()).at(-1)?.usage).toEqual(usage(9))
  })

  test('covers zai-web tools: the prompt tells of them, and a round trip of one goes as text', async () => {
    const call =
      'Let me look.\n```json\n{"tool_calls": [{"function": {"name": "look", "arguments": {"at": "x"}}}]}\n```'
    await using site = await startSite(stream(...said(call.slice(0, 40), call.slice(40))))
    const openai = new OpenAI({ apiKey: '-', fetch: site.fetch() })
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }]
    const first = await openai.chat.completions.create({ model: 'GLM-4.6', tools, messages: [user('Look!')] })
    const { message, finish_reason } = first.choices[0] ?? {}
    expect(finish_reason).toBe('tool_calls')
    expect(message).toMatchObject({
      content: 'Let me look.',
      tool_calls: [{ function: { name: 'look', arguments: '{"at": "x"}' } }],
    })
    if (!message) return
    const result = { role: 'tool' as const, tool_call_id: message.tool_calls?.[0]?.id ?? '', content: 'a tree' }
    const messages = [user('Look!'), message, result]
    await openai.chat.completions.create({ model: 'GLM-4.6', tools, messages })
    const { messages: sent, signature_prompt } = site.sent()[1]
    expect(sent.map(({ role }: { role: string }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
    expect(signature_prompt).toContain('a tree')
    expect(site.complaint).toBeUndefined()
  })

  test('an answer ends before a text of stop, and so does the call', async () => {
    const middle = gate()
    const [first = '', second = ''] = said('One. EN', 'D two.')
    await using site = await startSite({
      headers: { 'content-type': 'text/event-stream' },
      body: [first, second, middle],
    })
    const chunks = await site.chunks({ stop: ['END'] })
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? choices[0]?.finish_reason)).toEqual([
      'One. ',
      'stop',
    ])
    await expect(site.upstream.requests.at(-1)?.closed).resolves.toBe('aborted')
  })

  test('an unknown model is refused before any call', async () => {
    await using site = await startSite()
    await expect(site.chunks({ model: 'gpt-5' })).rejects.toMatchObject({ code: 'model_not_found' })
    expect(site.calls()).toEqual([])
  })

  test('a model of the options is sent as it is', async () => {
    await using site = await startSite(undefined, { models: ['glm-5.1'] })
    await site.chunks({ model: 'GLM-5.1' })
    expect(site.sent()[0].model).toBe('glm-5.1')
    expect(site.provider.accepts?.({ model: 'GLM-5.1', messages: [user('Hi')] }).refused).toBeUndefined()
  })

  test('what cannot be had is refused or named', async () => {
    await using site = await startSite(undefined, { promptTools: false })
    const asked = (request: Partial<ChatCompletionRequest>) =>
      site.provider.accepts?.({ model: 'GLM-4.6', messages: [user('Hi')], ...request })
    const tools: ChatCompletionRequest['tools'] = [{ type: 'function', function: { name: 'f' } }]
    const image = { type: 'image_url' as const, image_url: 'data:image/png;base64,iVBORw0KGgo=' }
    const refused = [{ n: 2 }, { logprobs: true }, { tools }, { functions: [{ name: 'f' }] }]
    expect(refused.map((request) => asked(request)?.refused?.param)).toEqual(['n', 'logprobs', 'tools', 'functions'])
    expect(asked({ tools, tool_choice: 'none' })?.refused).toBeUndefined()
    expect(asked({ messages: [{ role: 'user', content: [image] }] })?.refused?.param).toBe(
      'messages[0].content[0].type',
    )
    const hosted: ChatCompletionRequest['tools'] = [{ type: 'web_search' }, { type: 'code_interpreter' }]
    expect(asked({ tools: hosted })).toEqual({ dropped: ['tools[1]'], refused: undefined })
    expect(asked({ seed: 1, stop: 'x', temperature: 1 })).toEqual({ dropped: ['seed'], refused: undefined })
  })
})

describe('media', () => {
  const png = `data:image/png;base64,${Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).toString('base64')}`
  const withImage: ChatCompletionRequest['messages'] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: png } },
      ],
    },
  ]

  test('covers zai-web images: an image is uploaded and named by its id', async () => {
    await using site = await startSite()
    await site.chunks({ model: 'GLM-4.6V', messages: withImage })
    expect(site.complaint).toBeUndefined()
    const [{ files, messages, current_user_message_id, features }] = site.sent()
    expect(messages[0].content[1]).toEqual({ type: 'image_url', image_url: { url: 'file-1' } })
    expect(files).toMatchObject([
      { type: 'image', id: 'file-1', ref_user_msg_id: current_user_message_id, file: { user_id: 'user-0001' } },
    ])
    expect(features).toMatchObject({ preview_mode: false, enable_thinking: true })
  })

  test('a guest uploads none', async () => {
    await using site = await startSite(undefined, { guest: true })
    const values = { token: guestToken, guest: 'guest' }
    await expect(site.chunks({ model: 'GLM-4.6V', messages: withImage }, values)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'messages[0].content[1].image_url',
    })
    expect(site.calls()).toEqual([])
  })

  test('covers zai-web files: a text file goes into the message with its name, others are refused', async () => {
    await using site = await startSite()
    const file = (type: string, text: string) => ({
      type: 'file' as const,
      file: { filename: 'notes.txt', file_data: `data:${type};base64,${Buffer.from(text).toString('base64')}` },
    })
    await site.chunks({ messages: [{ role: 'user', content: [file('text/plain', 'Buy milk.')] }] })
    expect(site.sent()[0].messages[0].content[0].text).toBe('<file name="notes.txt">\nBuy milk.\n</file>')
    const pdf = { messages: [{ role: 'user' as const, content: [file('application/pdf', '%PDF-1.7 ')] }] }
    await expect(site.chunks(pdf)).rejects.toMatchObject({ code: 'unsupported_value' })
  })
})

describe('errors', () => {
  const inBand = (error: unknown) => stream(frame({ done: true, error }))

  test.each([
    ['a captcha', inBand({ code: 'FRONTEND_CAPTCHA_REQUIRED', detail: 'reload the page' }), 'upstream_challenge'],
    ['a wall', htmlPage(405, 'Blocked'), 'upstream_challenge'],
    ['a 429', errorReply(429, 'Too many requests'), 'rate_limited'],
    ['too many at a time', inBand({ detail: 'Concurrency limit reached', code: 'X' }), 'rate_limited'],
    ['sensitive content', inBand({ detail: 'Sensitive content was found', code: 400 }), 'content_filter'],
    ['a long text', inBand({ detail: 'It exceeds the context length', code: 400 }), 'context_length_exceeded'],
    ['a 401 inside', inBand({ code: 401, detail: 'expired' }), 'credential_rejected'],
    ['an unknown error', inBand({ code: 'SOMETHING', detail: 'Oops' }), 'upstream_unavailable'],
    ['a cut stream', stream(thinking), undefined],
  ])('covers zai-web errors: %s is told by what it means, after one call', async (_, answer, code) => {
    await using site = await startSite(answer)
    const request = { model: 'GLM-4.6', messages: [user('Hi')] }
    const running = collect(site.provider.chat(request, site.callWith({ token: accountToken })), request)
    await expect(running).rejects.toMatchObject({ code: code ?? 'upstream_protocol' })
    expect(site.sent()).toHaveLength(1)
  })

  test('a challenge says what a person can do', async () => {
    await using site = await startSite(htmlPage(405, 'Blocked'))
    await expect(site.chunks()).rejects.toThrow(/token of your own signed-in browser.+documented API/)
  })

  test('a wrong signature is a 400 of the site, told once', async () => {
    await using site = await startSite(undefined, { signingKey: 'another-key' })
    await expect(site.chunks()).rejects.toMatchObject({ code: 'invalid_request' })
    expect(site.complaint).toBe('the signature is wrong')
    expect(site.sent()).toHaveLength(1)
    await expect(site.chunks()).rejects.toThrow()
    // The build may have been the reason, so it is looked up anew; in between it is kept.
    expect(site.calls().filter((call) => call === 'GET /')).toHaveLength(2)
  })

  test('the build of the page is kept for half an hour', async () => {
    await using site = await startSite()
    await site.chunks()
    await site.chunks()
    expect(site.calls().filter((call) => call === 'GET /')).toHaveLength(1)
    site.clock.jump(31 * 60_000)
    await site.chunks().catch(() => undefined) // its clock is now ahead of the site's
    expect(site.calls().filter((call) => call === 'GET /')).toHaveLength(2)
  })

  test('no event tells a query', async () => {
    await using site = await startSite()
    await site.chunks()
    expect(JSON.stringify(site.events)).not.toMatch(/token|\?/)
  })
})
