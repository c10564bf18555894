import { isMeaningful, Secret, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { gate, jsonReply, type Reply, stall } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { modelNames, orionWeb } from './index.ts'
import { answered, failure, frame } from './test-orion.ts'
import { startRig, TOKEN } from './test-rig.ts'

const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}

test('covers orion-web text: an answer, whole', async () => {
  await using rig = await startRig()
  rig.fake.answer = ({ text, mode }) => answered(`${mode} read: `, text)
  const { choices, model } = await rig.complete(rig.request('Hi, 你好'))
  expect(choices).toMatchObject([{ message: { content: 'Claude 4-Default read: Hi, 你好' }, finish_reason: 'stop' }])
  expect(model).toBe('Claude 4-Default')
})

test('covers orion-web stream: text is there before the service has sent the rest', async () => {
  await using rig = await startRig()
  const middle = gate()
  const [first, second] = [frame({ content: 'Hel' }), frame({ content: 'lo' }, 'stop')]
  rig.fake.answer = () => ({
    headers: { 'content-type': 'text/event-stream' },
    body: [`data: ${first}\n\n`, middle, `data: ${second}\n\ndata: [DONE]\n\n`],
  })
  const iterator = rig.provider.chat(rig.request('Hi'), rig.call())[Symbol.asyncIterator]()
  expect((await iterator.next()).value?.choices[0]?.delta).toEqual({ content: 'Hel' })
  middle.open()
  expect((await iterator.next()).value?.choices[0]?.delta).toEqual({ content: 'lo' })
})

test('covers orion-web reasoning: think tags become reasoning', async () => {
  await using rig = await startRig()
  rig.fake.answer = () => answered('<th', 'ink>Hm.</think>', 'Yes')
  const asked = rig.request('Hi', { model: 'DeepSeek R1-Default' })
  expect((await rig.complete(asked)).choices[0]?.message).toMatchObject({ reasoning_content: 'Hm.', content: 'Yes' })
})

describe('tools', () => {
  test('covers orion-web tools: offered by prompt, called, and their results told', async () => {
    await using rig = await startRig()
    rig.fake.answer = ({ text }) =>
      text.includes('<tool_result')
        ? answered(`It is ${/temperature":(\d+)/.exec(text)?.[1]} degrees.`)
        : answered(
            '```json\n{"tool_calls": [{"function": {"name": "get_weather", ',
            '"arguments": {"city": "Lisbon"}}}]}\n```',
          )
    const asked = rig.request('How is the weather in Lisbon?', { tools: [weather] })
    const { message, finish_reason } = (await rig.complete(asked)).choices[0] ?? {}
    expect(finish_reason).toBe('tool_calls')
    const [call] = message?.tool_calls ?? []
    expect(call).toMatchObject({ function: { name: 'get_weather', arguments: '{"city": "Lisbon"}' } })
    const after: ChatCompletionRequest = {
      ...asked,
      messages: [
        ...asked.messages,
        { role: 'assistant', content: null, tool_calls: message?.tool_calls },
        { role: 'tool', tool_call_id: call?.id ?? '', content: '{"temperature":18}' },
      ],
    }
    expect((await rig.complete(after)).choices[0]?.message.content).toBe('It is 18 degrees.')
  })

  test('what looks like a call is text where no tool was offered', async () => {
    await using rig = await startRig()
    const text = '```json\n{"tool_calls": [{"function": {"name": "rm", "arguments": {}}}]}\n```'
    rig.fake.answer = () => answered(text)
    expect((await rig.complete(rig.request('Hi'))).choices[0]?.message).toMatchObject({ content: text })
  })

  test('are a 400 where prompting is switched off', async () => {
    await using rig = await startRig({ promptTools: false })
    const refused = rig.complete(rig.request('Hi', { tools: [weather] }))
    await expect(refused).rejects.toMatchObject({ code: 'unsupported_value', param: 'tools' })
    expect(rig.fake.calls()).toEqual([])
  })
})

test('an answer ends before a text of stop, and the service is left', async () => {
  await using rig = await startRig()
  const frames = ['one ', 'EN', 'D two'].map((content) => `data: ${frame({ content })}\n\n`)
  rig.fake.answer = () => ({ headers: { 'content-type': 'text/event-stream' }, body: [...frames, stall()] })
  const { choices } = await rig.complete(rig.request('Hi', { stop: 'END' }))
  expect(choices).toMatchObject([{ message: { content: 'one ' }, finish_reason: 'stop' }])
  const asked = rig.fake.upstream.requests.find(({ path }) => path === '/chat')
  expect(await asked?.closed).toBe('aborted')
})

test('covers orion-web usage: as the service reports it', async () => {
  await using rig = await startRig()
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
  const end = frame({ content: 'Hi' }, 'stop', { usage })
  rig.fake.answer = () => ({ headers: { 'content-type': 'text/event-stream' }, body: `data: ${end}\n\n` })
  expect((await rig.complete(rig.request('Hi'))).usage).toEqual(usage)
})

describe('files', () => {
  const withFile = (data: string, filename?: string): ChatCompletionRequest => ({
    model: 'Claude 4-Default',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in it?' },
          { type: 'file', file: { file_data: data, filename } },
        ],
      },
    ],
  })
  const base64 = (text: string) => Buffer.from(text).toString('base64')

  test('covers orion-web files: a file of text goes into the message, under its name', async () => {
    await using rig = await startRig()
    const { choices } = await rig.complete(withFile(`data:text/csv;base64,${base64('a,b\n1,2')}`, 'table.csv'))
    expect(choices[0]?.message.content).toBe('What is in it?\n<file name="table.csv">\na,b\n1,2\n</file>')
  })

  test('another file is a 400, before anything is left on the account', async () => {
    await using rig = await startRig()
    const refused = rig.complete(withFile(`data:application/pdf;base64,${base64('%PDF-1.7')}`))
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported_value',
      param: 'messages[0].content[1].file.file_data',
    })
    expect(rig.fake.calls()).toEqual([])
  })
})

describe('what cannot be had', () => {
  const image = { type: 'image_url' as const, image_url: { url: 'https://example.com/cat.png' } }
  const asked: Partial<ChatCompletionRequest>[] = [
    { n: 2 },
    { logprobs: true },
    { modalities: ['audio'] },
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } },
    { functions: [{ name: 'f' }] },
    { tools: [{ type: 'custom', custom: { name: 'f' } }] },
    { messages: [{ role: 'user', content: [image] }] },
  ]
  test.each(asked)('is a 400 before any call: %j', async (more) => {
    await using rig = await startRig()
    const request = rig.request('Hi', more)
    const { refused } = rig.provider.accepts?.(request) ?? {}
    expect(refused?.param).toMatch(new RegExp(`^${Object.keys(more)[0]}`))
    await expect(rig.complete(request)).rejects.toMatchObject({ code: 'unsupported_value', param: refused?.param })
    expect(rig.fake.calls()).toEqual([])
  })

  test('what has no field there is dropped, and named', async () => {
    await using rig = await startRig()
    const request = rig.request('Hi', { temperature: 0.3, max_tokens: 9, seed: null, user: 'u', stop: ['x'] })
    expect(rig.provider.accepts?.(request)).toEqual({ dropped: ['max_tokens', 'temperature'] })
  })
})

describe('models', () => {
  test('are twelve, with seven agents each', async () => {
    await using rig = await startRig()
    const ids = (await rig.provider.models?.(rig.call()))?.map(({ id }) => id)
    expect(ids).toEqual(modelNames)
    expect(ids).toHaveLength(84)
    expect(ids).toEqual(expect.arrayContaining(['ChatGPT 4.1 Mini-Default', 'Grok 4-Cybersecurity Mode']))
    expect(rig.fake.calls()).toEqual([])
  })

  test('may be named in small letters and without spaces', async () => {
    await using rig = await startRig()
    rig.fake.answer = ({ mode }) => answered(mode)
    const { choices } = await rig.complete(rig.request('Hi', { model: 'gemini-2.5-pro-06-05-seo-mode' }))
    expect(choices[0]?.message.content).toBe('Gemini 2.5 Pro 06-05-SEO Mode')
  })

  test('one that is not listed is refused before any call', async () => {
    await using rig = await startRig({ models: ['New One-Default'] })
    await expect(rig.complete(rig.request('Hi'))).rejects.toMatchObject({ code: 'model_not_found', param: 'model' })
    expect(rig.fake.calls()).toEqual([])
    await expect(rig.complete(rig.request('Hi', { model: 'New One-Default' }))).resolves.toBeDefined()
  })
})

describe('errors', () => {
  test('covers orion-web errors: a token that is not taken is credential_rejected, and nothing follows', async () => {
    await using rig = await startRig()
    const credential = { id: 'orion:2', values: { token: new Secret('token-of-nobody') } }
    const refused = rig.provider.chat(rig.request('Hi'), { ...rig.call(), credential })
    await expect(Array.fromAsync(refused)).rejects.toMatchObject({ code: 'credential_rejected' })
    expect(rig.fake.calls()).toEqual(['GET /project'])
  })

  test.each([
    ['GET /project', failure(429, 'ThrottlerException: Too Many Requests'), 'rate_limited'],
    ['POST /project', failure(400, 'name must be shorter'), 'upstream_protocol'],
    ['POST /conversation', failure(403, 'Forbidden resource'), 'credential_forbidden'],
    ['POST /conversation', jsonReply({ statusCode: 401, message: 'Unauthorized' }, 201), 'credential_rejected'],
    ['POST /conversation', jsonReply({ ok: true }), 'upstream_protocol'],
    ['POST /chat', failure(503, 'Service Unavailable'), 'upstream_unavailable'],
    ['POST /chat', failure(400, 'unknown mode'), 'invalid_request'],
    ['POST /chat', jsonReply({ message: 'Something went wrong' }), 'upstream_unavailable'],
    ['POST /chat', jsonReply({ hello: 'world' }), 'upstream_protocol'],
  ])('%s that fails is told as what it is', async (call, reply, code) => {
    await using rig = await startRig()
    rig.fake.before = ({ method, path }) => (`${method} ${path}` === call ? reply : undefined)
    await expect(rig.complete(rig.request('Hi'))).rejects.toMatchObject({ code })
  })

  test('an error in the answer to a message is one, whatever its status', async () => {
    await using rig = await startRig()
    const reply = jsonReply({ statusCode: 413, message: ['content is too long'] }, 201)
    rig.fake.before = ({ path }) => (path.endsWith('/message') ? reply : undefined)
    const failed = rig.complete(rig.request('Hi'))
    await expect(failed).rejects.toMatchObject({ code: 'request_too_large', message: 'content is too long' })
  })

  test('a browser check is left to a person, who is told what to do', async () => {
    await using rig = await startRig()
    const page: Reply = {
      status: 403,
      headers: { 'content-type': 'text/html', 'cf-mitigated': 'challenge' },
      body: '<html><title>Just a moment...</title></html>',
    }
    rig.fake.before = () => page
    const failed = rig.complete(rig.request('Hi'))
    await expect(failed).rejects.toMatchObject({
      code: 'upstream_challenge',
      message: expect.stringContaining('supply the token of that session'),
    })
    expect(rig.fake.calls()).toHaveLength(1)
  })

  test.each([
    ['expired', -1, 'credential_rejected'],
    ['is alive', 1, undefined],
  ])('a token that %s by its own words is known before any call', async (_, seconds, code) => {
    const exp = Date.UTC(2026, 0, 1) / 1000 + seconds
    const token = ['{"alg":"HS256"}', JSON.stringify({ exp }), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    await using rig = await startRig({}, { token })
    const done = rig.complete(rig.request('Hi'))
    if (code === undefined) await done
    else {
      await expect(done).rejects.toMatchObject({ code, message: expect.stringContaining('2025-12-31T23:59:59.000Z') })
      expect(rig.fake.calls()).toEqual([])
    }
  })

  test('options that are none are told at once', () => {
    const create = () => orionWeb.create({ chatUrl: 'https://orion.example/chat?key=1' })
    expect(create).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  test('a credential is the value of a cookie, and no more', () => {
    expect(orionWeb.credential.safeParse({ token: 'token=abc; other=1' }).success).toBe(false)
  })
})

test.each([
  ['taken', undefined, 'ok'],
  ['refused', failure(401, 'Unauthorized'), 'rejected'],
])('a probe of a token that is %s', async (_, reply, expected) => {
  await using rig = await startRig()
  rig.fake.before = () => reply
  const { credential, ...call } = rig.call()
  expect(await rig.provider.probe?.(credential, call)).toBe(expected)
  expect(rig.fake.calls()).toEqual(['GET /project'])
})

test('it is a fetch for any client', async () => {
  await using rig = await startRig()
  const fetch = toFetch(rig.provider, { credential: { token: TOKEN } })
  const body = JSON.stringify(rig.request('Hi', { stream: true }))
  const text = await (await fetch('https://orion/v1/chat/completions', { method: 'POST', body })).text()
  expect(text).toContain('"content":"Hi"')
  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  expect((await rig.chunks(rig.request('Hi'))).some(isMeaningful)).toBe(true)
})
