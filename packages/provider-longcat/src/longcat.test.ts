import { collect, credential, memoryState, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatStream, errorReply, handClock, jsonReply, sse, startFakeUpstream, testProvider } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { type LongCatOptions, longcat } from './index.ts'

testProvider(longcat, new URL('../fixtures/api/', import.meta.url), {
  ordinary: 'text',
  configure: (baseUrl) => ({ baseUrl }),
})

const request: ChatCompletionRequest = { model: 'LongCat-2.0', messages: [{ role: 'user', content: 'Hi' }] }

/** LongCat at a fake upstream that wants the key on every plane. */
async function start(options: LongCatOptions = {}) {
  const upstream = await startFakeUpstream()
  const clock = handClock()
  const provider = longcat.create({ baseUrl: upstream.origin, ...options }, { clock, mediaFrom: ['127.0.0.1'] })
  const held = credential({ apiKey: 'the-key' })
  const call = { credential: held, signal: new AbortController().signal, state: memoryState() }
  return {
    upstream,
    clock,
    provider,
    call,
    ask: (given: Partial<ChatCompletionRequest> = {}) => {
      const asked = { ...request, ...given }
      return collect(provider.chat(asked, call), asked)
    },
    /** The body that a request becomes. */
    async sent(given: Partial<ChatCompletionRequest>) {
      upstream.script(chatStream({ text: 'Hello' }))
      await this.ask(given)
      return upstream.requests.at(-1)?.json
    },
    fetch: toFetch(provider, { credential: held }),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

describe('what is sent', () => {
  test.each(['', '/', '/openai', '/openai/v1', '/openai/v1/'])(
    'the address may be written with %j at its end',
    async (ending) => {
      await using rig = await start()
      const provider = longcat.create({ baseUrl: rig.upstream.origin + ending })
      rig.upstream.script(chatStream({ text: 'Hello' }), jsonReply({ data: [] }))
      await collect(provider.chat(request, rig.call), request)
      await provider.models?.(rig.call)
      expect(rig.upstream.requests.map(({ path }) => path)).toEqual(['/openai/v1/chat/completions', '/v1/models'])
      expect(rig.upstream.requests.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Bearer the-key'))
      await provider.close()
    },
  )

  test.each<[Partial<ChatCompletionRequest>, object]>([
    [{ model: 'LongCat-Flash' }, { model: 'LongCat-2.0' }],
    [{ model: 'longcat-thinking' }, { model: 'LongCat-2.0', thinking: { type: 'enabled' } }],
    [{ model: 'LongCat-2.0-nothink' }, { model: 'LongCat-2.0', thinking: { type: 'disabled' } }],
    [
      { model: 'LongCat-Thinking', reasoning_effort: 'none' },
      { model: 'LongCat-2.0', thinking: { type: 'disabled' } },
    ],
    [{ reasoning_effort: 'minimal' }, { thinking: { type: 'enabled' } }],
    [{ thinking: { type: 'enabled', budget_tokens: 5 } }, { thinking: { type: 'enabled' } }],
    [{ model: 'LongCat-Flash-Thinking', enable_thinking: true }, { enable_thinking: true }],
    [{ model: 'LongCat-Flash-Lite', reasoning_effort: 'high' }, {}],
    [{ temperature: 1.7 }, { temperature: 1 }],
  ])('%j becomes %j', async (given, expected) => {
    await using rig = await start()
    expect(await rig.sent(given)).toEqual({
      ...request,
      model: given.model ?? request.model,
      ...expected,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test.each<[Partial<ChatCompletionRequest>, object, string | undefined]>([
    [{}, {}, ' '],
    [{}, { reasoning: 'I look.' }, 'I look.'],
    [{}, { reasoning_details: [{ type: 'reasoning.text', text: 'I look.' }] }, 'I look.'],
    [{}, { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }, ' '],
    [{}, { thinking: { of: 'no known form' } }, ' '],
    [{ reasoning_effort: 'none' }, {}, undefined],
    [{}, { tool_calls: [] }, undefined],
  ])('%j: the reasoning that goes back with a call of %j is %j', async (given, fields, expected) => {
    await using rig = await start()
    const call = { tool_calls: [{ id: 'a', type: 'function' as const, function: { name: 'look', arguments: '{}' } }] }
    const turn = { role: 'assistant' as const, content: null, ...call, ...fields }
    const { messages } = await rig.sent({ ...given, messages: [...request.messages, turn, ...request.messages] })
    expect(messages[1].reasoning_content).toBe(expected)
    expect(rig.provider.wantsReasoning).toBe(true)
  })

  test('what LongCat has no field for is left out and named, unless it is to be kept', async () => {
    const given = {
      ...request,
      seed: 7,
      n: 1,
      logprobs: false,
      response_format: { type: 'json_object' as const },
      temperature: 2,
    }
    await using rig = await start()
    expect(rig.provider.accepts?.(given).dropped).toEqual(['temperature', 'response_format', 'seed'])
    expect(Object.keys(await rig.sent(given))).toEqual(['model', 'messages', 'temperature', 'stream', 'stream_options'])
    await using keeping = await start({ keepFields: ['seed'] })
    expect(await keeping.sent(given)).toMatchObject({ seed: 7 })
  })

  test('covers longcat files: a file of text is inlined with its name', async () => {
    await using rig = await start()
    rig.upstream.on('/notes.md', { headers: { 'content-type': 'text/markdown' }, body: '# Notes' })
    const file_data = `data:text/csv;base64,${Buffer.from('a,b').toString('base64')}`
    const content = [
      { type: 'text' as const, text: 'Sum up.' },
      { type: 'file' as const, file: { file_data, filename: 'sums.csv' } },
      { type: 'file' as const, file: { file_data: `${rig.upstream.origin}/notes.md` } },
    ]
    const { messages } = await rig.sent({ messages: [{ role: 'user', content }] })
    expect(messages[0].content).toBe(
      'Sum up.\n<file name="sums.csv">\na,b\n</file>\n<file name="notes.md">\n# Notes\n</file>',
    )
  })
})

describe('what is refused before any call', () => {
  const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } }
  const file = (file_data: string) => ({ type: 'file' as const, file: { file_data } })
  test.each<[Partial<ChatCompletionRequest>, string]>([
    [{ model: 'LongCat-Search' }, 'model'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'a' } } }, 'response_format'],
    [{ messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'user', content: [file('data:application/pdf;base64,AA==')] }] },
      'messages[0].content[0].type',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages[0].content[0].type',
    ],
  ])('%j, for its %s', async (given, param) => {
    await using rig = await start()
    const response = await rig.fetch('https://x/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ ...request, ...given }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param } })
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('a file that turns out to be no text', async () => {
    await using rig = await start()
    const pdf = file(`data:;base64,${Buffer.from('%PDF-1.7 …').toString('base64')}`)
    await expect(rig.ask({ messages: [{ role: 'user', content: [pdf] }] })).rejects.toMatchObject({
      code: 'unsupported_value',
      param: 'messages[0].content[0].file.file_data',
    })
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('images go to the model that sees, as they came', async () => {
    await using rig = await start()
    const given = { model: 'LongCat-Flash-Omni-2603', messages: [{ role: 'user' as const, content: [image] }] }
    expect(rig.provider.accepts?.(given).refused).toBeUndefined()
    expect(await rig.sent(given)).toMatchObject({ messages: [{ content: [image] }] })
  })
})

describe('answers', () => {
  test('covers longcat text: an answer that comes whole', async () => {
    await using rig = await start()
    rig.upstream.script(chatStream({ text: ['Hel', 'lo'] }))
    expect((await rig.ask()).choices[0]?.message.content).toBe('Hello')
  })

  test('prompted tools are written into the messages and read back out of the text', async () => {
    await using rig = await start({ tools: 'prompted' })
    const call = '```json\n{"tool_calls": [{"function": {"name": "look", "arguments": {"at": "sky"}}}]}\n```'
    rig.upstream.script(chatStream({ text: ['I look.\n', call.slice(0, 30), call.slice(30)] }))
    const tools = [{ type: 'function' as const, function: { name: 'look' } }]
    const [choice] = (await rig.ask({ tools })).choices
    expect(choice?.message).toMatchObject({ content: 'I look.', tool_calls: [{ function: { name: 'look' } }] })
    expect(choice?.finish_reason).toBe('tool_calls')
    const { json } = await rig.upstream.received(1)
    expect(json.tools).toBeUndefined()
    expect(json.messages[0].content).toContain('"name":"look"')
  })

  test('a stop ends the answer, wherever its text was cut, and the upstream’s socket', async () => {
    await using rig = await start()
    const pieces = ['One, t', 'w', 'o, ENOUGH is', ' EN', 'D of it']
    rig.upstream.script({ headers: { 'content-type': 'text/event-stream' }, body: chatBody(pieces, 'never') })
    const [choice] = (await rig.ask({ stop: ['END', 'of'] })).choices
    expect(choice).toMatchObject({ message: { content: 'One, two, ENOUGH is ' }, finish_reason: 'stop' })
    expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
    expect(rig.upstream.requests[0]?.json).not.toHaveProperty('stop')
    expect(rig.provider.accepts?.({ ...request, stop: 'END' }).dropped).toEqual([])
  })

  test('what only looked like the beginning of a stop is not lost', async () => {
    await using rig = await start()
    rig.upstream.script(chatStream({ text: ['The E', 'N'] }))
    expect((await rig.ask({ stop: 'END' })).choices[0]?.message.content).toBe('The EN')
  })

  test('covers longcat usage: the service reports it', async () => {
    await using rig = await start()
    const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 }
    rig.upstream.script(chatStream({ text: 'Hi', usage }))
    expect((await rig.ask()).usage).toEqual(usage)
  })
})

function* chatBody(pieces: readonly string[], finish: 'never') {
  for (const content of pieces) yield* sse({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
  if (finish === 'never') yield { type: 'stall' as const }
}

describe('errors', () => {
  const error = (type: string, code: string) => ({ error: { message: 'No', type, code } })
  test.each([
    [400, error('invalid_request_error', 'invalid_parameter'), 'invalid_request'],
    [401, error('authentication_error', 'invalid_api_key'), 'credential_rejected'],
    [402, error('payment_required', 'payment_required'), 'credential_exhausted'],
    [403, error('permission_error', 'insufficient_quota'), 'credential_exhausted'],
    [403, error('permission_error', 'forbidden'), 'credential_forbidden'],
    [429, error('rate_limit_error', 'rate_limit_exceeded'), 'rate_limited'],
    [500, error('server_error', 'internal_error'), 'upstream_unavailable'],
    [503, error('server_error', 'internal_error'), 'upstream_unavailable'],
  ])('%i %j is %s', async (status, body, code) => {
    await using rig = await start()
    rig.upstream.script(errorReply(status, body))
    await expect(rig.ask()).rejects.toMatchObject({ code })
  })

  test('covers longcat errors: a quota that is used up rests its key until midnight in Beijing', async () => {
    await using rig = await start()
    rig.upstream.always(errorReply(402, error('payment_required', 'payment_required')))
    const wait = await rig.ask().then(
      () => undefined,
      ({ retryAfterMs }) => retryAfterMs,
    )
    const reset = new Date(rig.clock.now() + wait)
    expect(reset.toISOString()).toMatch(/T16:00:00\.000Z$/)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(24 * 3_600_000)
  })
})

describe('models', () => {
  test('the service’s list comes with the founding names', async () => {
    await using rig = await start()
    rig.upstream.script(jsonReply({ object: 'list', data: [{ id: 'LongCat-2.0' }, { id: 'LongCat-Flash-Lite' }] }))
    const models = (await rig.provider.models?.(rig.call)) ?? []
    const ids = models.map(({ id }) => id)
    expect(ids.slice(0, 5)).toEqual([
      'LongCat-2.0',
      'LongCat-Flash-Lite',
      'LongCat',
      'LongCat-Flash',
      'LongCat-Thinking',
    ])
    expect(ids).not.toContain('LongCat-Search')
    expect(models[0]).toMatchObject({ context_length: 1_048_576, max_output_tokens: 131_072 })
    expect(rig.upstream.requests[0]?.path).toBe('/v1/models')
  })

  test('a key is tried by asking for the list', async () => {
    await using rig = await start()
    rig.upstream.script(jsonReply({ data: [] }), errorReply(401))
    expect(await rig.provider.probe?.(rig.call.credential, rig.call)).toBe('ok')
    expect(await rig.provider.probe?.(rig.call.credential, rig.call)).toBe('rejected')
  })
})
