import type { Provider } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { type FakeAnswer, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import type { Deployment } from '../deployments.ts'
import { calls, codeOf, modelOf, question, systemOf, weather } from './test-insisting.ts'

const clock = { type: 'function', function: { name: 'get_time' } } as const
const tools = [weather, clock]
const fenced = (...made: { name: string; arguments: string }[]) =>
  `\`\`\`json\n{"tool_calls": [${made.map((call) => `{"function": {"name": "${call.name}", "arguments": ${call.arguments}}}`).join(', ')}]}\n\`\`\``
const oslo = calls('get_weather', { city: 'Oslo' })
const time = calls('get_time')

/** In pieces that cut its marks. */
const inPieces = (text: string, more: object = {}): FakeAnswer => ({ text: text.match(/[\s\S]{1,5}/g) ?? [], ...more })

function prompting(said: readonly FakeAnswer[], deployment: Partial<Deployment> = {}, provider?: Partial<Provider>) {
  return modelOf(said, { promptTools: true, ...deployment }, { ...(provider && { provider }) })
}

describe.each([false, true])('tools that are prompted (stream: %s)', (stream) => {
  test('are in the prompt and not in the request, and the calls are read out of the text', async () => {
    const { requests, records, seen } = prompting([inPieces(`Let me see.\n${fenced(oslo, time)}`)])
    const { content, calls: made, finish } = await seen({ stream, tools, parallel_tool_calls: true })
    expect([content, finish]).toEqual(['Let me see.', 'tool_calls'])
    expect(made.map(({ name, arguments: text }) => [name, JSON.parse(text)])).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_time', {}],
    ])
    expect(Object.keys(requests[0] ?? {})).not.toContain('tools')
    expect(systemOf(requests[0])).toMatch(/# Tools[\s\S]+"get_weather"[\s\S]+several calls/i)
    const [attempt] = records[0]?.attempts ?? []
    expect(attempt).toMatchObject({ relayed: false, markup: { format: 'prompted', calls: 2 } })
  })

  test('have ids of their own, by which the results come back', async () => {
    const { seen } = prompting([inPieces(fenced(oslo, oslo))])
    const { answer } = await seen({ stream: false })
    if (answer.kind !== 'completion') throw new Error(answer.kind)
    const ids = answer.completion.choices[0]?.message.tool_calls?.map(({ id }) => id) ?? []
    expect(new Set(ids).size).toBe(2)
    expect(ids.every((id) => /^\w+$/.test(id))).toBe(true)
  })

  test('leave a text alone that has no call', async () => {
    const text = 'As JSON: ```json\n{"city": "Oslo"}\n```\n'
    const { seen } = prompting([inPieces(text)])
    expect(await seen({ stream })).toMatchObject({ content: text, calls: [], finish: 'stop' })
  })

  test('are insisted on too, with done among them', async () => {
    const end = calls('done', { final_answer: 'It rains.' })
    const said = [inPieces('Hm.', { usage: tokens(1, 2) }), inPieces(fenced(end), { usage: tokens(3, 4) })]
    const { requests, seen } = prompting(said, { ensureToolCall: true })
    const { content, calls: made, finish, usage } = await seen({ stream })
    expect([content, made, finish]).toEqual(['It rains.', [], 'stop'])
    expect(usage).toMatchObject({ total_tokens: 10 })
    for (const request of requests) {
      expect(request.tools).toBeUndefined()
      expect(systemOf(request)).toMatch(/Always reply[\s\S]+"name":"done"/)
    }
    expect(systemOf(requests[1])).toMatch(/Reminder 1:/)
  })
})

test('the history of calls and results is written as text', async () => {
  const { requests, seen } = prompting([{ text: 'It rains.' }])
  const messages: ChatMessage[] = [
    ...question.messages,
    { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: oslo }] },
    { role: 'tool', tool_call_id: 'c1', content: 'rain' },
  ]
  expect((await seen({ messages })).content).toBe('It rains.')
  expect(requests[0]?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  expect(JSON.stringify(requests[0]?.messages)).toMatch(/tool_calls[\s\S]+<tool_result name=/)
  expect(requests[0]?.messages.some((message) => 'tool_calls' in message)).toBe(false)
})

test.each<[string, Partial<ChatCompletionRequest>]>([
  ['no tools any more', { tools: undefined }],
  ['the choice none', { tool_choice: 'none' }],
])('a text of calls stays text where a request has %s', async (_what, change) => {
  const { seen } = prompting([{ text: fenced(oslo) }])
  const messages: ChatMessage[] = [
    ...question.messages,
    { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: oslo }] },
    { role: 'tool', tool_call_id: 'c1', content: 'rain' },
  ]
  expect(await seen({ messages, ...change })).toMatchObject({ content: fenced(oslo), calls: [] })
})

test('where the provider reads the text of its models, only calls are looked for', async () => {
  const { seen } = prompting([inPieces(`<think>\n${fenced(oslo)}`)], {}, { readsMarkup: true })
  expect(await seen()).toMatchObject({ content: '<think>', reasoning: '', calls: [{ name: 'get_weather' }] })
})

test.each<[string, Partial<ChatCompletionRequest>, RegExp]>([
  ['required', { tool_choice: 'required' }, /you must call at least one tool/],
  ['a name', { tool_choice: { type: 'function', function: { name: 'get_time' } } }, /must call the tool "get_time"/],
  ['none', { tool_choice: 'none' }, /No tools can be called/],
  ['one at a time', { parallel_tool_calls: false }, /Call one tool at a time/],
])('the choice is said in the prompt: %s', async (_what, change, words) => {
  const { requests, seen } = prompting([{ text: 'Well.' }])
  await seen({ tools, ...change })
  expect(systemOf(requests[0])).toMatch(words)
  expect(requests[0]).not.toHaveProperty('tool_choice')
  expect(requests[0]).not.toHaveProperty('parallel_tool_calls')
})

test('a request without tools is not touched', async () => {
  const { requests, seen } = prompting([{ text: fenced(oslo) }])
  const { tools: _none, ...plain } = question
  expect((await seen({ ...plain, tools: undefined })).content).toBe(fenced(oslo))
  expect(requests[0]).toEqual({ ...plain, tools: undefined, model: 'up-1' })
})

test('a provider that refuses tools has none to refuse', async () => {
  const accepts: Provider['accepts'] = ({ tools: given }) => ({
    dropped: [],
    refused: given?.length ? { param: 'tools', message: 'has no tools' } : undefined,
  })
  const { seen } = prompting([{ text: fenced(oslo) }], {}, { accepts })
  expect((await seen()).calls).toHaveLength(1)
  const without = modelOf([{ text: 'x' }], {}, { provider: { accepts } })
  expect(await without.seen().catch(codeOf)).toBe('unsupported_value')
})

describe('reasoning', () => {
  const thought = `<think>Rain?</think>\n${fenced(oslo)}`

  test('in tags is read as well, and markup that the model is known for', async () => {
    for (const deployment of [{}, { normalize: 'hermes' }, { model: 'qwen3-8b' }]) {
      const { seen } = prompting([inPieces(thought)], deployment)
      expect(await seen()).toMatchObject({ reasoning: 'Rain?', calls: [{ name: 'get_weather' }] })
    }
    const hermes = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    const { seen } = prompting([inPieces(hermes)], { normalize: 'hermes' })
    expect((await seen()).calls).toHaveLength(1)
  })

  test('stays text where nothing is to be read but the calls', async () => {
    const { seen } = prompting([inPieces(thought)], { normalize: 'off' })
    expect(await seen()).toMatchObject({ content: '<think>Rain?</think>', calls: [{ name: 'get_weather' }] })
  })
})

describe.each([false, true])('the form of calls (stream: %s)', (stream) => {
  test('is that of functions for a client that offers these', async () => {
    const { seen, requests } = prompting([inPieces(fenced(oslo, time))])
    const functions = [weather.function, clock.function]
    const { answer, finish } = await seen({ stream: false, tools: undefined, functions })
    expect(finish).toBe('function_call')
    if (answer.kind !== 'completion') throw new Error(answer.kind)
    const { function_call: made, tool_calls: others } = answer.completion.choices[0]?.message ?? {}
    expect([made?.name, JSON.parse(made?.arguments ?? ''), others]).toEqual([
      'get_weather',
      { city: 'Oslo' },
      undefined,
    ])
    expect(requests[0]).not.toHaveProperty('functions')
  })

  test('is that of free text for tools that take it', async () => {
    const patch = { type: 'custom', custom: { name: 'patch', description: 'Applies it.' } } as const
    const input = '*** Begin\n+"x"\n'
    const { seen } = prompting([inPieces(fenced(calls('patch', { input }), oslo))])
    const { calls: made, finish } = await seen({ stream, tools: [patch, weather] })
    expect(finish).toBe('tool_calls')
    expect(made.map(({ name }) => name).sort()).toEqual(['get_weather', 'patch'])
    expect(made.find(({ name }) => name === 'patch')?.arguments).toBe(input)
  })
})
