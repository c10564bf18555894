import type { AssistantMessage, ChatCompletionRequest, ReasoningDetail } from '@dragoman/openai-schema'
import { chatStream, eventStream, sse } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { gemini3, messages, startVertex as start } from './test-vertex.ts'

const hello = chatStream({ text: 'Hi' })
const signature = (data: string) => ({ google: { thought_signature: data } })
const unchecked = signature('skip_thought_signature_validator')
const call = (id: string, extra_content?: object) => ({
  id,
  type: 'function' as const,
  function: { name: 'get_weather', arguments: '{}' },
  ...(extra_content && { extra_content }),
})
const results = (...ids: string[]) =>
  ids.map((tool_call_id) => ({ role: 'tool' as const, tool_call_id, content: '3 °C' }))

describe('thoughts', () => {
  const answered = async (frames: readonly object[], request: Partial<ChatCompletionRequest> = {}) => {
    await using rig = await start(eventStream(sse(...frames, '[DONE]')))
    return (await rig.answer({ model: gemini3, ...request })).choices[0]?.message
  }
  const frame = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })

  test('covers vertex reasoning: Gemini’s thoughts become reasoning, its text stays text', async () => {
    const thought = { google: { thought: true } }
    const message = await answered([
      frame({ role: 'assistant', content: 'Need the ', extra_content: thought }),
      frame({ content: 'forecast.', extra_content: thought }),
      frame({ content: 'It is 3 °C.' }, 'stop'),
    ])
    expect(message).toEqual({
      role: 'assistant',
      refusal: null,
      content: 'It is 3 °C.',
      reasoning_content: 'Need the forecast.',
    })
  })

  test('signatures of calls and of the text become details, and stay where they came', async () => {
    const message = await answered([
      frame({ tool_calls: [{ index: 0, ...call('call-1', signature('b25l')) }] }),
      frame({ tool_calls: [{ index: 1, ...call('call-2') }] }),
      frame({ content: '', extra_content: signature('dGV4dA==') }, 'stop'),
    ])
    const sealed = { type: 'reasoning.encrypted', format: 'google-gemini-v1' }
    expect(message?.reasoning_details).toEqual([
      { ...sealed, data: 'b25l', id: 'call-1' },
      { ...sealed, data: 'dGV4dA==' },
    ])
    expect(message?.tool_calls).toMatchObject([{ extra_content: signature('b25l') }, { id: 'call-2' }])
  })

  test('a signed call without an id gets one by which its signature is found', async () => {
    const { id, ...nameless } = call('')
    const delta = { tool_calls: [{ index: 0, ...nameless, extra_content: signature('b25l') }] }
    const message = await answered([frame(delta, 'stop')])
    const [made] = message?.tool_calls ?? []
    expect(made?.id).toMatch(/^call_\w+$/)
    expect(message?.reasoning_details).toMatchObject([{ id: made?.id }])
  })
})

describe('the history', () => {
  const sent = async (answer: Omit<AssistantMessage, 'role'>, model = gemini3) => {
    await using rig = await start(hello)
    const ids = (answer.tool_calls ?? []).map(({ id }) => id ?? '')
    await rig.answer({ model, messages: [...messages, { role: 'assistant', ...answer }, ...results(...ids)] })
    return (await rig.sent()).messages[1]
  }
  const detail = (data: string, id?: string): ReasoningDetail => ({
    type: 'reasoning.encrypted',
    format: 'google-gemini-v1',
    data,
    ...(id !== undefined && { id }),
  })

  test('has the signatures of its details where Gemini wants them, and no reasoning', async () => {
    const answer = {
      content: 'Wait.',
      reasoning_content: 'Need the forecast.',
      reasoning_details: [detail('b25l', 'call-1'), detail('dGV4dA==')],
      tool_calls: [call('call-1'), call('call-2')],
    }
    expect(await sent(answer)).toEqual({
      role: 'assistant',
      content: 'Wait.',
      extra_content: signature('dGV4dA=='),
      tool_calls: [call('call-1', signature('b25l')), call('call-2')],
    })
  })

  test('has signatures that came in place as they are, before those of details', async () => {
    const brought = { google: { thought_signature: 'b3du', more: 1 }, other: true }
    const answer = { reasoning_details: [detail('b25l', 'call-1')], tool_calls: [call('call-1', brought)] }
    expect((await sent(answer)).tool_calls).toEqual([call('call-1', brought)])
  })

  test('says of each call of a turn that it has no signature, where Gemini 3 wants one', async () => {
    const foreign: ReasoningDetail = {
      type: 'reasoning.text',
      text: 'Hm.',
      signature: 'YW50aA==',
      format: 'anthropic-claude-v1',
    }
    const answer = { reasoning_details: [foreign], tool_calls: [call('toolu_1'), call('toolu_2')] }
    expect((await sent(answer)).tool_calls).toEqual([call('toolu_1', unchecked), call('toolu_2', unchecked)])
    expect((await sent(answer, 'gemini-2.5-pro')).tool_calls).toEqual([call('toolu_1'), call('toolu_2')])
    expect((await sent(answer, 'gemini-3-pro-image-preview')).tool_calls).toEqual([call('toolu_1'), call('toolu_2')])
  })

  test('of an open model has its reasoning as text and no signatures', async () => {
    const answer = {
      reasoning: 'Hm.',
      reasoning_details: [detail('b25l', 'a')],
      tool_calls: [call('a', signature('b25l'))],
    }
    expect(await sent(answer, 'moonshotai/kimi-k2-thinking-maas')).toEqual({
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      tool_calls: [call('a')],
    })
  })
})

describe('how much it thinks', () => {
  const off = { thinking_level: 'low' }
  const shown = (config: object) => ({ ...config, include_thoughts: true })
  test.each<[string, Partial<ChatCompletionRequest>, object | undefined, string[]]>([
    [gemini3, {}, shown({}), []],
    [gemini3, { reasoning_effort: 'minimal' }, shown({ thinking_level: 'low' }), []],
    [gemini3, { reasoning_effort: 'medium' }, shown({ thinking_level: 'high' }), []],
    [gemini3, { reasoning_effort: 'none' }, off, ['reasoning_effort']],
    [gemini3, { reasoning_effort: 'wild' }, shown({}), ['reasoning_effort']],
    [gemini3, { reasoning: { effort: 'low', exclude: true } }, { thinking_level: 'low' }, []],
    [gemini3, { thinking: { type: 'enabled', budget_tokens: 1500 } }, shown({ thinking_level: 'low' }), []],
    ['gemini-3-flash-preview', { reasoning_effort: 'medium' }, shown({ thinking_level: 'medium' }), []],
    ['gemini-3-flash-preview', { thinking: { type: 'disabled' } }, { thinking_level: 'minimal' }, ['thinking']],
    ['gemini-3.1-pro', { reasoning_effort: 'medium' }, shown({ thinking_level: 'medium' }), []],
    ['gemini-2.5-flash', { reasoning_effort: 'high' }, shown({ thinking_budget: 24_576 }), []],
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinking_budget: 0 }, []],
    ['gemini-2.5-flash-lite', { reasoning: { max_tokens: 100 } }, shown({ thinking_budget: 512 }), []],
    ['gemini-2.5-pro', { thinking_budget: 99_999 }, shown({ thinking_budget: 32_768 }), []],
    ['gemini-2.5-pro', { enable_thinking: false }, { thinking_budget: 128 }, ['enable_thinking']],
    ['gemini-2.0-flash', { reasoning_effort: 'low' }, undefined, ['reasoning_effort']],
    ['gemini-2.0-flash', {}, undefined, []],
  ])('%s with %j', async (model, request, config, dropped) => {
    await using rig = await start(hello)
    await rig.answer({ model, ...request })
    const body = await rig.sent()
    expect(body.extra_body?.google?.thinking_config).toEqual(config)
    expect(rig.provider.accepts?.({ model, messages, ...request }).dropped).toEqual(dropped)
    for (const field of ['reasoning_effort', 'reasoning', 'thinking', 'thinking_budget']) {
      expect(body).not.toHaveProperty(field)
    }
  })

  test('what the client says in Google’s words is sent as it is, and beats an effort', async () => {
    await using rig = await start(hello)
    const extra_body = { google: { thinking_config: { thinking_budget: 7 }, cached_content: 'c' }, other: 1 }
    const request = {
      model: 'gemini-2.5-pro',
      extra_body,
      reasoning_effort: 'low',
      safety_settings: [{ threshold: 'OFF' }],
    }
    await rig.answer(request)
    expect((await rig.sent()).extra_body).toEqual({
      google: { ...extra_body.google, safety_settings: [{ threshold: 'OFF' }] },
      other: 1,
    })
    expect(rig.provider.accepts?.({ messages, ...request }).dropped).toEqual(['reasoning_effort'])
  })

  test('thoughts are not asked for where the operator does not want them', async () => {
    await using rig = await start(hello, { thoughts: false })
    await rig.answer({ model: gemini3 })
    await rig.answer({ model: gemini3, reasoning_effort: 'low' })
    const sent = rig.upstream.requests.map(({ json }) => json.extra_body)
    expect(sent).toEqual([undefined, { google: { thinking_config: { thinking_level: 'low' } } }])
  })

  test('of an open model is its own business', async () => {
    await using rig = await start(hello)
    await rig.answer({ reasoning_effort: 'low' })
    const body = await rig.sent()
    expect([body.reasoning_effort, body.extra_body]).toEqual(['low', undefined])
  })
})

test('hints that Gemini leaves unread are not sent, and named', async () => {
  await using rig = await start(hello)
  const request = { model: gemini3, user: 'me', store: true, parallel_tool_calls: false, verbosity: 'low', seed: 7 }
  await rig.answer(request)
  const body = await rig.sent()
  expect([body.user, body.store, body.verbosity, body.seed]).toEqual([undefined, undefined, undefined, 7])
  const { dropped } = rig.provider.accepts?.({ messages, ...request }) ?? {}
  expect(dropped).toEqual(['parallel_tool_calls', 'store', 'user', 'verbosity'])
})

test('instructions and arguments go as they are documented', async () => {
  await using rig = await start(hello)
  const tool_calls = [{ ...call('a'), function: { name: 'f', arguments: { city: 'Oslo' } } }]
  const asked: ChatCompletionRequest['messages'] = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'assistant', tool_calls },
    ...results('a'),
  ]
  await rig.answer({ model: 'gemini-2.5-pro', messages: asked, tool_choice: 'auto' })
  const body = await rig.sent()
  expect(body.messages).toMatchObject([
    { role: 'system' },
    { content: null, tool_calls: [{ function: { arguments: '{"city":"Oslo"}' } }] },
    { role: 'tool' },
  ])
  expect(body).not.toHaveProperty('tool_choice')
})
