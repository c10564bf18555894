import { toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { canary, type Exchange, htmlPage, jsonReply, leaked, noReply, type Reply, weatherTool } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { said, start, user } from './nonce/test-site.ts'
import { kimiNonce, notice } from './nonce.ts'
import { kimiWeb } from './web.ts'

describe('the message', () => {
  test('covers kimi-nonce text: a question alone is sent as it is, to the model by its name at the site', async () => {
    await using rig = await start()
    const answer = await rig.ask({ messages: user('Grüße & = %') })
    expect(answer).toMatchObject({
      model: 'kimi-k2-instruct-0905',
      choices: [{ message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
      usage: { estimated: true },
    })
    const [form] = rig.site.forms
    expect(form?.get('message')).toBe('Grüße & = %')
    expect(form?.get('model')).toBe('moonshotai/Kimi-K2-Instruct-0905')
    await rig.ask({ model: 'kimi-k2-instruct' })
    expect(rig.site.forms[1]?.get('model')).toBe('moonshotai/Kimi-K2-Instruct')
  })

  test('without a user the whole transcript is sent, in a session of its own', async () => {
    await using rig = await start()
    const messages: ChatCompletionRequest['messages'] = [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'One' },
          { type: 'text', text: 'Two' },
        ],
      },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: 'Go on' },
    ]
    await rig.ask({ messages })
    await rig.ask({ messages })
    const [first, second] = rig.site.forms
    expect(first?.get('message')).toBe('System: Be brief.\nUser: One\nTwo\nAssistant: Yes?\nUser: Go on')
    expect(first?.get('session_id')).not.toBe(second?.get('session_id'))
  })

  test('an unknown model is a 404 before anything is sent', async () => {
    await using rig = await start()
    await expect(rig.ask({ model: 'kimi-k3' })).rejects.toMatchObject({ code: 'model_not_found', status: 404 })
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('the longest text can be limited: the oldest turns go, instructions and the question stay', async () => {
    await using rig = await start({ maxCharacters: 60 })
    const messages: ChatCompletionRequest['messages'] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'x'.repeat(50) },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: 'Go on' },
    ]
    await rig.ask({ messages })
    expect(rig.site.forms[0]?.get('message')).toBe('System: Be brief.\nAssistant: Yes?\nUser: Go on')
    await expect(rig.ask({ messages: user('x'.repeat(61)) })).rejects.toMatchObject({ code: 'context_length_exceeded' })
  })

  test('covers kimi-nonce files: a file of text is written into the message, another is refused', async () => {
    await using rig = await start()
    const file = (type: string, bytes: string) => ({
      type: 'file' as const,
      file: { filename: 'a.txt', file_data: `data:${type};base64,${Buffer.from(bytes, 'latin1').toString('base64')}` },
    })
    await rig.ask({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Sum up' }, file('text/plain', 'abc')] }],
    })
    expect(rig.site.forms[0]?.get('message')).toBe('Sum up\nFile a.txt:\nabc\nEnd of the file.')
    const binary = [{ role: 'user' as const, content: [file('application/pdf', '%PDF-1.7 \xff\xfe')] }]
    await expect(rig.ask({ messages: binary })).rejects.toMatchObject({ code: 'unsupported_value' })
    expect(rig.site.forms).toHaveLength(1)
  })

  test('what the site cannot do is refused or named', () => {
    const provider = kimiNonce.create(kimiNonce.options.parse({}))
    const accepts = (more: Partial<ChatCompletionRequest>) =>
      provider.accepts?.({ model: 'kimi-k2-instruct', messages: user('Hi'), ...more })
    expect(accepts({ temperature: 1, max_tokens: 5, seed: 1 })?.dropped).toEqual(['temperature', 'max_tokens', 'seed'])
    expect(accepts({ n: 2 })?.refused?.param).toBe('n')
    expect(accepts({ logprobs: true })?.refused?.param).toBe('logprobs')
    const image = { type: 'image_url' as const, image_url: 'data:image/png;base64,AA==' }
    expect(accepts({ messages: [{ role: 'user', content: [image] }] })?.refused?.param).toBe(
      'messages[0].content[0].type',
    )
    const own = { role: 'assistant' as const, content: 'Well' }
    expect(accepts({ messages: [own] })?.refused).toBeUndefined()
    expect(accepts({ messages: [{ ...own, partial: true }] })?.refused?.param).toBe('messages[0].partial')
  })

  test('tools are refused where prompting for them is off', async () => {
    const tools: ChatCompletionRequest['tools'] = [{ type: 'function', function: { name: 'look' } }]
    const ask = { model: 'kimi-k2-instruct', messages: user('Hi') }
    for (const provider of [
      kimiNonce.create(kimiNonce.options.parse({ promptTools: false })),
      kimiWeb.create(kimiWeb.options.parse({ promptTools: false })),
    ]) {
      expect(provider.accepts?.({ ...ask, tools }).refused?.param).toBe('tools')
      expect(provider.accepts?.({ ...ask, functions: [{ name: 'look' }] }).refused?.param).toBe('functions')
      expect(provider.accepts?.({ ...ask, tools, tool_choice: 'none' }).refused).toBeUndefined()
      await provider.close()
    }
  })

  test('each model says where the text goes', async () => {
    await using rig = await start()
    const models = await rig.provider.models?.(rig.callOf())
    expect(models?.map(({ id, description }) => [id, description])).toEqual([
      ['kimi-k2-instruct-0905', notice],
      ['kimi-k2-instruct', notice],
    ])
    expect(notice).toContain('not Moonshot')
  })
})

describe('errors', () => {
  const replies: [string, Reply, string, string][] = [
    [
      'a refusal in words',
      jsonReply({ success: false, data: 'Too long' }),
      'upstream_unavailable',
      'refused: Too long',
    ],
    ['one in an object', jsonReply({ success: false, data: { message: 'Busy' } }), 'upstream_unavailable', 'Busy'],
    ['a 429', { status: 429, headers: { 'retry-after': '9' }, body: 'slow down' }, 'rate_limited', '429'],
    ['a page of a 502', htmlPage(502), 'upstream_unavailable', '502'],
    ['a page with 200', htmlPage(200), 'upstream_protocol', 'HTML'],
    ['an empty message', said(''), 'upstream_empty', 'nothing'],
    ['no message', jsonReply({ success: true, data: {} }), 'upstream_empty', 'nothing'],
    ['other JSON', jsonReply({ hello: 1 }), 'upstream_unavailable', '200'],
  ]
  test.each(replies)('covers kimi-nonce errors: %s is an error, and not remembered', async (_, reply, code, words) => {
    await using rig = await start()
    rig.site.answer = () => reply
    await expect(rig.ask({ user: 'u' })).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
    // Nothing is remembered of what was not answered.
    rig.site.answer = () => said('Yes')
    await rig.ask({ user: 'u', messages: user('Again') })
    expect(rig.site.forms.at(-1)?.get('message')).toBe('Again')
  })

  test('the nonce is in no error', async () => {
    await using rig = await start()
    const nonce = canary('nonce')
    rig.site.page = rig.site.accepted = nonce
    rig.site.answer = (form) => jsonReply({ success: false, data: `wrong: ${form.get('nonce')}` })
    const error = await rig.ask({}).catch((caught: unknown) => caught)
    expect(leaked({ nonce }, error)).toEqual([])
  })

  test('an abort closes the socket', async () => {
    await using rig = await start()
    rig.site.answer = noReply
    const controller = new AbortController()
    const asked = rig.ask({}, { signal: controller.signal })
    const outcome = expect(asked).rejects.toMatchObject({ code: 'aborted' })
    const exchange: Exchange = await rig.upstream.received(2)
    controller.abort()
    await expect(exchange.closed).resolves.toBe('aborted')
    await outcome
  })

  test('nothing is sent before the first chunk is asked for', async () => {
    await using rig = await start()
    rig.provider.chat({ model: 'kimi-k2-instruct', messages: user('Hi') }, rig.callOf())
    expect(rig.upstream.connections.accepted).toBe(0)
  })
})

test('covers kimi-nonce tools: they are prompted, read back, and their results go on', async () => {
  await using rig = await start()
  rig.site.answer = (form) => {
    const text = form.get('message') ?? ''
    if (text.includes('sunny in Oslo')) return said('It is sunny in Oslo')
    if (!text.includes('get_weather')) return said('I have no tools')
    return said(
      'Let me look.\n\n```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}]}\n```',
    )
  }
  const fetch = toFetch(rig.provider)
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const runner = client.chat.completions.runTools({
    model: 'kimi-k2-instruct-0905',
    user: 'ann',
    messages: user('Weather?'),
    tools: [weatherTool().tool],
  })
  expect(await runner.finalContent()).toBe('It is sunny in Oslo')
})

test('a stop text ends the answer and is not shown', async () => {
  await using rig = await start()
  rig.site.answer = () => said('One, two, three')
  const { choices } = await rig.ask({ stop: [', th', 'four'] })
  expect(choices[0]).toMatchObject({ message: { content: 'One, two' }, finish_reason: 'stop' })
})
