import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { DragomanError, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  chatStream,
  errorReply,
  jsonReply,
  type ScriptedReply,
  testProvider,
  tokens,
  weatherTool,
} from '@dragoman/testkit'
import { jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { kimi } from './index.ts'

import { start, user } from './test-moonshot.ts'

testProvider(kimi, new URL('../fixtures/api/', import.meta.url), {
  ordinary: 'text',
  configure: (origin) => ({ baseUrl: `${origin}/v1` }),
})

describe('the request', () => {
  test.each([
    ['kimi-k2.6', 'low', { thinking: { type: 'enabled' } }],
    ['kimi-k2.5', 'none', { thinking: { type: 'disabled' } }],
    ['kimi-k3', 'medium', { reasoning_effort: 'high' }],
    ['kimi-k3.1-pro', 'xhigh', { reasoning_effort: 'max' }],
  ])('covers kimi reasoning: %s is asked for effort %s as it knows it', async (model, reasoning_effort, expected) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const request = { model, reasoning_effort, messages: user('Hi') }
    expect(rig.provider.accepts?.(request)).toEqual({ dropped: [] })
    await rig.answer(request)
    const sent = (await rig.upstream.received(1)).json
    expect({ thinking: sent.thinking, reasoning_effort: sent.reasoning_effort }).toEqual({
      thinking: undefined,
      reasoning_effort: undefined,
      ...expected,
    })
  })

  test.each([
    ['kimi-k2-thinking', 'low'],
    ['kimi-k2.7-code', 'none'],
    ['kimi-k3', 'none'],
    ['moonshot-v1-8k', 'high'],
  ])('%s knows no effort %s, and the client is told', (model, reasoning_effort) => {
    const provider = kimi.create({ region: 'global', keepSampling: false })
    expect(provider.accepts?.({ model, reasoning_effort, messages: user('Hi') }).dropped).toEqual(['reasoning_effort'])
  })

  test('sampling fields are left out for kimi models, and sent where the operator says so', async () => {
    const request = { model: 'kimi-k2.6', temperature: 0.2, top_p: 0.5, n: 1, messages: user('Hi') }
    await using rig = await start(chatStream({ text: 'Hi' }))
    expect(rig.provider.accepts?.(request).dropped).toEqual(['temperature', 'top_p'])
    await rig.answer(request)
    expect(Object.keys((await rig.upstream.received(1)).json)).not.toContain('temperature')
    await using own = await start(chatStream({ text: 'Hi' }), { keepSampling: true })
    await own.answer(request)
    expect((await own.upstream.received(1)).json).toMatchObject({ temperature: 0.2, top_p: 0.5, n: 1 })
  })

  test('a forced tool turns thinking off where that is possible, unless the client asked for it', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }]
    const request: ChatCompletionRequest = { model: 'kimi-k2.6', tools, tool_choice: 'required', messages: user('Hi') }
    await using rig = await start(chatStream({ text: 'Hi' }))
    await rig.answer(request)
    expect((await rig.upstream.received(1)).json).toMatchObject({
      tool_choice: 'required',
      thinking: { type: 'disabled' },
    })
    const thinking = { ...request, thinking: { type: 'enabled' } }
    expect(rig.provider.accepts?.(thinking).dropped).toEqual(['tool_choice'])
    await rig.answer(thinking)
    expect((await rig.upstream.received(2)).json).toMatchObject({ tool_choice: 'auto', thinking: { type: 'enabled' } })
  })

  test.each<[string, object, string | undefined]>([
    ['kimi-k3', {}, ' '],
    ['kimi-k3', { reasoning: 'I look.' }, 'I look.'],
    ['kimi-k3', { reasoning_details: [{ type: 'reasoning.text', text: 'I look.' }] }, 'I look.'],
    ['kimi-k3', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }, ' '],
    ['kimi-k3', { thinking: { of: 'no known form' } }, ' '],
    ['kimi-k3', { tool_calls: [] }, undefined],
    ['moonshot-v1-8k', {}, undefined],
  ])('the reasoning that goes back to %s with a call of %j is %j', async (model, fields, expected) => {
    await using rig = await start(chatStream({ text: 'Hi' }))
    const call = { tool_calls: [{ id: 'a', type: 'function' as const, function: { name: 'look', arguments: '{}' } }] }
    const turn = { role: 'assistant' as const, content: null, ...call, ...fields }
    await rig.answer({ model, messages: [...user('Hi'), turn, ...user('And?')] })
    expect((await rig.upstream.received(1)).json.messages[1].reasoning_content).toBe(expected)
    expect(rig.provider.wantsReasoning).toBe(true)
  })

  test('covers kimi images: an image goes to a model that sees, and is refused for one that does not', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } }
    const messages = [{ role: 'user' as const, content: [image] }]
    await using rig = await start(chatStream({ text: 'A cat' }))
    for (const model of ['kimi-k2-thinking', 'moonshot-v1-8k']) {
      expect(rig.provider.accepts?.({ model, messages }).refused?.param).toBe('messages[0].content[0].type')
    }
    const request = { model: 'kimi-k2.6', messages }
    expect(rig.provider.accepts?.(request)).toEqual({ dropped: [] })
    await rig.answer(request)
    expect((await rig.upstream.received(1)).json.messages[0].content).toEqual([image])
  })

  test('two choices are refused where n is fixed', () => {
    const provider = kimi.create({ region: 'global', keepSampling: false })
    expect(provider.accepts?.({ model: 'kimi-k3', n: 2, messages: user('Hi') }).refused?.param).toBe('n')
    expect(provider.accepts?.({ model: 'moonshot-v1-8k', n: 2, messages: user('Hi') }).refused).toBeUndefined()
  })
})

describe('errors', () => {
  const refused = (status: number, type: string, message: string) => errorReply(status, { error: { type, message } })
  test.each([
    [400, 'content_filter', 'The request was rejected because it was considered high risk', 'content_filter'],
    [400, 'invalid_request_error', 'Your request exceeded model token limit: 8192', 'context_length_exceeded'],
    [400, 'invalid_request_error', 'invalid temperature', 'invalid_request'],
    [403, 'permission_denied_error', 'The API you are accessing is not open', 'credential_forbidden'],
    [404, 'resource_not_found_error', 'Not found the model or Permission denied', 'deployment_not_found'],
    [429, 'exceeded_current_quota_error', 'Your account is suspended', 'credential_exhausted'],
    [403, 'exceeded_current_quota_error', 'Your account is suspended', 'credential_exhausted'],
    [429, 'engine_overloaded_error', 'The engine is currently overloaded', 'upstream_unavailable'],
    [500, 'unexpected_output', 'invalid state transition', 'upstream_unavailable'],
    [503, 'server_unavailable', 'Service unavailable', 'upstream_unavailable'],
  ])('covers kimi errors: a %d of type %s that says "%s" is %s', async (status, type, message, code) => {
    await using rig = await start(refused(status, type, message))
    await expect(rig.answer({ model: 'kimi-k3', messages: user('Hi') })).rejects.toMatchObject({ code })
  })

  test('a limit by minute says how long to wait', async () => {
    const words = 'Your account reached max request, please try again after 3 seconds'
    await using rig = await start(refused(429, 'rate_limit_reached_error', words))
    await expect(rig.answer({ model: 'kimi-k3', messages: user('Hi') })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 3000,
    })
  })

  test('a refused key may be one of the other platform', async () => {
    await using rig = await start(refused(401, 'invalid_authentication_error', 'Invalid Authentication'), {
      region: 'cn',
    })
    const failure = rig.answer({ model: 'kimi-k3', messages: user('Hi') })
    await expect(failure).rejects.toBeInstanceOf(DragomanError)
    await expect(failure).rejects.toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining('is this one of region cn?'),
    })
  })
})

test('covers kimi usage: cached tokens stand where clients look for them', async () => {
  const usage = { ...tokens(40, 30), cached_tokens: 32 }
  await using rig = await start(chatStream({ text: 'Hi', usage }))
  const { usage: read } = await rig.answer({ model: 'kimi-k3', messages: user('Hi') })
  expect(read).toMatchObject({ prompt_tokens: 40, prompt_tokens_details: { cached_tokens: 32 } })
})

test('the models of the service are listed with what it says about them', async () => {
  await using rig = await start(jsonReply({ object: 'list', data: [{ id: 'kimi-k3', context_length: 1048576 }] }))
  expect(await rig.provider.models?.(rig.call)).toMatchObject([{ id: 'kimi-k3', context_length: 1048576 }])
  expect((await rig.upstream.received(1)).path).toBe('/v1/models')
})

/** A model that reasons, calls the first tool it is offered, and tells what that gave. */
const weather: ScriptedReply = ({ headers, json }) => {
  if (headers.authorization !== 'Bearer sk-test') return errorReply(401)
  const last = json.messages.at(-1)
  if (last.role === 'tool') {
    // As the platform does: the turn of the call has to bring its reasoning back.
    const call = json.messages.at(-2)
    if (!call.reasoning_content) return errorReply(400, 'thinking is enabled but reasoning_content is missing')
    return chatStream({ text: `It is ${last.content}`, usage: tokens(9, 3) })
  }
  const [offered] = json.tools ?? []
  if (!offered) return chatStream({ reasoning: 'Easy.', text: ['Hel', 'lo'], usage: tokens(1, 2) })
  if ('strict' in offered.function) return errorReply(400, 'unknown field strict')
  const call = { id: 'get_weather:0', name: offered.function.name, arguments: { city: 'Oslo' } }
  return chatStream({ reasoning: 'A tool knows that.', toolCalls: [call], usage: tokens(5, 7) })
}
const parameters = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }

test('covers kimi tools: the OpenAI SDK runs a tool loop, though it drops the reasoning', async () => {
  await using rig = await start(weather)
  const fetch = toFetch(rig.provider, { credential: { apiKey: 'sk-test' } })
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const { tool: get_weather } = weatherTool()
  const runner = client.chat.completions.runTools({
    model: 'kimi-k3',
    messages: user('Weather?'),
    tools: [{ ...get_weather, function: { ...get_weather.function, strict: true } }],
  })
  expect(await runner.finalContent()).toBe('It is sunny in Oslo')
})

test('covers kimi text: the OpenAI SDK gets a whole answer', async () => {
  await using rig = await start(weather)
  const fetch = toFetch(rig.provider, { credential: { apiKey: 'sk-test' } })
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const answer = await client.chat.completions.create({ model: 'kimi-k3', messages: user('Hi') })
  expect(answer.choices[0]?.message).toMatchObject({ content: 'Hello', reasoning_content: 'Easy.' })
})

test('covers kimi stream: the AI SDK streams text, reasoning and a tool round trip', async () => {
  await using rig = await start(weather)
  const fetch = toFetch(rig.provider, { credential: { apiKey: 'sk-test' } })
  const compatible = createOpenAICompatible({
    name: 'kimi',
    baseURL: 'http://in.process/v1',
    fetch,
    includeUsage: true,
  })
  const result = streamText({
    model: compatible('kimi-k3'),
    prompt: 'Weather?',
    stopWhen: stepCountIs(3),
    tools: {
      get_weather: tool({
        inputSchema: jsonSchema<{ city: string }>(parameters),
        execute: async ({ city }) => `sunny in ${city}`,
      }),
    },
  })
  expect(await result.text).toBe('It is sunny in Oslo')
  expect((await result.steps)[0]?.reasoningText).toBe('A tool knows that.')
  expect((await result.steps).at(-1)?.usage.outputTokens).toBe(3)
})
