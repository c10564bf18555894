import { collect, credential, DragomanError, memoryState } from '@dragoman/core'
import { type ChatCompletionRequest, modelList } from '@dragoman/openai-schema'
import { chatStream, jsonReply, testProvider } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { zai } from '../index.ts'
import { messages, startZai as start } from './test-zai.ts'

testProvider(zai, new URL('../../fixtures/api/', import.meta.url), {
  configure: (origin) => ({ baseUrl: `${origin}/api/paas/v4` }),
  ordinary: 'text',
})

describe('names of models', () => {
  test.each([
    ['glm-4.6', 'glm-4.6', undefined],
    ['GLM-4.5', 'glm-4.5', 'disabled'],
    ['GLM-4.5-Air', 'glm-4.5-air', 'disabled'],
    ['GLM-4.6-Thinking', 'glm-4.6', 'enabled'],
    ['glm-4.7-thinking', 'glm-4.7', 'enabled'],
    ['GLM-5', 'glm-5', undefined],
  ])('%s is sent as %s, thinking %s', async (model, id, thinking) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer({ model })
    const sent = await rig.sent()
    expect([sent.model, sent.thinking]).toEqual([id, thinking && { type: thinking }])
    expect(sent).not.toHaveProperty('tools')
  })

  test('the founding names are listed beside the ids of the API', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const response = await rig.fetch('https://zai/v1/models')
    const { data } = modelList.parse(await response.json())
    const ids = data.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['glm-5.3', 'GLM-4.5-Air', 'GLM-4.6-Thinking', 'GLM-4.6-Search']))
  })

  test('what the request says about thinking and search beats the name', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer({ model: 'GLM-4.6-Thinking', enable_thinking: false })
    await rig.answer({
      model: 'GLM-4.6-Search',
      web_search: false,
      thinking: { type: 'enabled', clear_thinking: false },
    })
    const [first, second] = rig.upstream.requests.map(({ json }) => json)
    expect(first.thinking).toEqual({ type: 'disabled' })
    expect(second.thinking).toEqual({ type: 'enabled', clear_thinking: false })
    expect(second).not.toHaveProperty('tools')
  })
})

describe('reasoning_effort', () => {
  test.each([
    ['glm-5.3', 'minimal', 'low'],
    ['glm-5.3', 'medium', 'low'],
    ['glm-5.3', 'high', 'high'],
    ['glm-5.3', 'xhigh', 'max'],
    ['glm-5.2', 'low', 'high'],
    ['glm-5.2', 'max', 'max'],
  ])('of %s: %s is %s', async (model, reasoning_effort, level) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer({ model, reasoning_effort })
    expect((await rig.sent()).reasoning_effort).toBe(level)
    expect(rig.provider.accepts?.({ model, messages, reasoning_effort }).dropped).toEqual([])
  })

  test.each([
    ['glm-5.3', 'none'],
    ['glm-5.1', 'high'],
  ])('of %s: %s is left out, and the client is told', async (model, reasoning_effort) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer({ model, reasoning_effort })
    expect(await rig.sent()).not.toHaveProperty('reasoning_effort')
    expect(rig.provider.accepts?.({ model, messages, reasoning_effort }).dropped).toEqual(['reasoning_effort'])
  })

  test('none of an older model stops its thinking', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer({ model: 'glm-4.7', reasoning_effort: 'none' })
    expect((await rig.sent()).thinking).toEqual({ type: 'disabled' })
    expect(rig.provider.accepts?.({ model: 'glm-4.7', messages, reasoning_effort: 'none' }).dropped).toEqual([])
  })
})

describe('what is sent and what is not', () => {
  test('fields that Z.AI does not document are left out and named', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const request = { seed: 7, presence_penalty: 1, user: 'me', stream_options: { include_usage: true }, n: 1 }
    await rig.answer({ ...request, parallel_tool_calls: true, stream: true })
    const { dropped, refused } = rig.provider.accepts?.({ model: 'glm-5', messages, ...request }) ?? {}
    expect([dropped, refused]).toEqual([['presence_penalty', 'seed', 'user'], undefined])
  })

  test.each<[string, Partial<ChatCompletionRequest>]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['response_format', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['tool_choice', { tool_choice: 'required', tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'f' } }] }],
  ])('%s is refused before any call', async (param, request) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    expect(rig.provider.accepts?.({ model: 'glm-5', messages, ...request }).refused).toMatchObject({ param })
  })

  test.each<[string, object, string | undefined]>([
    ['glm-5.3', {}, ' '],
    ['glm-5.3', { reasoning_content: 'I look.' }, 'I look.'],
    ['glm-5.3', { reasoning_content: '', reasoning: 'I look.' }, 'I look.'],
    ['glm-5.3', { reasoning_details: [{ type: 'reasoning.text', text: 'I look.', signature: 'sig' }] }, 'I look.'],
    ['glm-5.3', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }, ' '],
    ['glm-5.3', { thinking: { of: 'no known form' } }, ' '],
    ['GLM-4.6', {}, undefined],
    ['glm-5.3', { tool_calls: [] }, undefined],
  ])('the reasoning that goes back to %s with a call of %j is %j', async (model, fields, expected) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const call = { tool_calls: [{ id: 'a', type: 'function' as const, function: { name: 'look', arguments: '{}' } }] }
    const history = [
      ...messages,
      { role: 'assistant', ...call, ...fields },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ]
    await rig.answer({ model, messages: history as ChatCompletionRequest['messages'] })
    const { reasoning_content, ...others } = (await rig.sent()).messages[1]
    expect(reasoning_content).toBe(expected)
    expect(Object.keys(others)).not.toEqual(expect.arrayContaining([expect.stringMatching(/reason|think/)]))
    expect(rig.provider.wantsReasoning).toBe(true)
  })

  test('covers zai images: an image goes to a model that sees, and to no other', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const image_url = 'data:image/png;base64,iVBORw0KGgo='
    const content = [{ type: 'image_url' as const, image_url }]
    const seen: ChatCompletionRequest['messages'] = [{ role: 'user', content }]
    await rig.answer({ model: 'glm-4.6v', messages: seen })
    expect((await rig.sent()).messages[0].content).toEqual([{ type: 'image_url', image_url: { url: image_url } }])
    const asked = (model: string) => rig.provider.accepts?.({ model, messages: seen }).refused?.param
    expect(['glm-4.6v', 'glm-4.5v', 'glm-5.3-flash', 'glm-4.6', 'glm-5.3'].map(asked)).toEqual([
      undefined,
      undefined,
      undefined,
      'messages[0].content[0].type',
      'messages[0].content[0].type',
    ])
  })

  test.each([
    [{}, 'https://api.z.ai/api/paas/v4'],
    [{ plan: 'coding' as const }, 'https://api.z.ai/api/coding/paas/v4'],
    [{ region: 'cn' as const }, 'https://open.bigmodel.cn/api/paas/v4'],
  ])('%j is %s', async (options, address) => {
    const provider = zai.create(options)
    const paths: string[] = []
    const call = {
      credential: credential({ apiKey: 'k' }),
      signal: new AbortController().signal,
      state: memoryState(),
      observe: (event: { type: string; origin?: string; path?: string }) => {
        if (event.type === 'request') paths.push(`${event.origin}${event.path}`)
        throw new DragomanError('internal', 'far enough')
      },
    }
    await expect(provider.chat({ model: 'glm-5', messages }, call)[Symbol.asyncIterator]().next()).rejects.toThrow(
      'far enough',
    )
    expect(paths).toEqual([`${address}/chat/completions`])
    await provider.close()
  })
})

describe('errors', () => {
  test.each([
    [401, '1002', 'credential_rejected'],
    [401, '1112', 'credential_disabled'],
    [429, '1113', 'credential_exhausted'],
    [400, '1211', 'deployment_not_found'],
    [400, '1214', 'invalid_request'],
    [400, '1261', 'context_length_exceeded'],
    [400, '1301', 'content_filter'],
    [429, '1302', 'rate_limited'],
    [429, '1311', 'credential_forbidden'],
    [429, '1312', 'upstream_unavailable'],
    [500, '1234', 'upstream_unavailable'],
    [200, '1302', 'rate_limited'],
  ])('covers zai errors: status %i with the code %s is %s', async (status, code, expected) => {
    await using rig = await start(jsonReply({ error: { code, message: 'because' } }, status))
    await expect(rig.answer()).rejects.toMatchObject({ code: expected, origin: 'upstream' })
  })

  test.each([
    ['1308', 'Usage limit reached for 5 hour. Your limit will reset at 2026-11-20 21:30:00', 90 * 60_000],
    ['1304', 'Daily limit reached', 4 * 3_600_000],
    ['1313', 'Fair usage', 600_000],
    ['1113', 'Your balance was used up on 2026-12-01 00:00:00', undefined],
  ])('a %s waits until what its text says', async (code, message, retryAfterMs) => {
    await using rig = await start(jsonReply({ error: { code, message } }, 429))
    await expect(rig.answer()).rejects.toMatchObject({ retryAfterMs })
  })

  test('a key that is refused is credential_rejected, without the key', async () => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const other = { credential: credential({ apiKey: 'another-key' }), signal: new AbortController().signal }
    const running = collect(rig.provider.chat({ model: 'glm-5', messages }, { ...other, state: memoryState() }), {
      model: 'glm-5',
      messages,
    })
    await expect(running).rejects.toMatchObject({ code: 'credential_rejected' })
  })

  test.each([
    ['network_error', { code: 'upstream_unavailable' }],
    ['model_context_window_exceeded', undefined],
  ])('the finish reason %s', async (finish, error) => {
    const frame = { id: 'a', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: finish }] }
    await using rig = await start({
      headers: { 'content-type': 'text/event-stream' },
      body: `data: ${JSON.stringify(frame)}\n\ndata: [DONE]\n\n`,
    })
    if (error) await expect(rig.answer()).rejects.toMatchObject(error)
    else expect((await rig.answer()).choices[0]?.finish_reason).toBe('length')
  })
})
