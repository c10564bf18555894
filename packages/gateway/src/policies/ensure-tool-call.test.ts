import type { ChatMessage } from '@dragoman/openai-schema'
import { tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { calls, modelOf, question, type Said, systemOf, weather } from './test-insisting.ts'

const rule = /Always reply with a tool call\./g
const looks: Said = { reasoning: 'Rain?', toolCalls: [calls('get_weather', { city: 'Oslo' })], usage: tokens(10, 5) }
const talks: Said = { text: 'Let me look.', usage: tokens(7, 3) }
const ends = (given?: unknown, more: object = {}): Said => ({ toolCalls: [calls('done', given)], ...more })
const bothWays = [false, true]

describe('what the model is asked', () => {
  test('with tools, every answer is to be a tool call, and done ends the turn', async () => {
    const { requests, seen } = modelOf([looks])
    await seen()
    expect(systemOf(requests[0])).toMatch(rule)
    expect(requests[0]?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(requests[0]?.tools?.[1]).toMatchObject({
      type: 'function',
      function: {
        name: 'done',
        parameters: { properties: { final_answer: { type: 'string' } }, additionalProperties: false },
      },
    })
    expect(requests[0]?.tool_choice).toBeUndefined()
  })

  test('the rule goes behind the last text of the first system message, and nowhere twice', async () => {
    const { requests, seen } = modelOf([looks])
    const content = [
      { type: 'text' as const, text: 'Be kind.' },
      { type: 'text' as const, text: 'Be brief.', cache_control: { type: 'ephemeral' } },
    ]
    await seen({ messages: [{ role: 'system', content }, ...question.messages] })
    await seen({ messages: requests[0]?.messages ?? [] })
    await seen({ messages: [{ role: 'system', content: 'Be kind.' }, ...question.messages] })
    await seen({ messages: requests[2]?.messages ?? [] })
    for (const request of requests) expect(systemOf(request).match(rule)).toHaveLength(1)
    expect(systemOf(requests[0])).toMatch(/^Be kind\.\|Be brief\.\n\nAlways/)
    expect(requests[1]?.messages).toEqual(requests[0]?.messages)
    expect(systemOf(requests[2])).toMatch(/^Be kind\.\n\nAlways/)
  })

  test.each([
    ['no tools', { tools: undefined }],
    ['tools of the service alone', { tools: [{ type: 'web_search' as const }] }],
    ['the choice none', { tool_choice: 'none' as const }],
    ['a named tool', { tool_choice: { type: 'function' as const, function: { name: 'get_weather' } } }],
    ['several answers', { n: 2 }],
  ])('a request with %s stays as it is', async (_what, change) => {
    const { requests, seen, records } = modelOf([talks])
    const { content } = await seen(change)
    expect(content).toBe('Let me look.')
    expect(requests).toEqual([{ ...question, ...change, model: 'up-1' }])
    expect(records[0]?.attempts[0]?.rounds).toBeUndefined()
  })

  test.each(['auto', 'required', 'any'] as const)('the choice %s stays, and is insisted on', async (tool_choice) => {
    const { requests, seen } = modelOf([talks, looks])
    await seen({ tool_choice })
    expect(requests.map((request) => request.tool_choice)).toEqual([tool_choice, tool_choice])
  })

  test('where some of the tools are allowed, done is one of them', async () => {
    const { requests, seen } = modelOf([looks])
    const own = { type: 'function', function: { name: 'get_weather' } }
    await seen({ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [own] } } })
    const end = { type: 'function', function: { name: 'done' } }
    expect(requests[0]?.tool_choice).toMatchObject({ allowed_tools: { mode: 'auto', tools: [own, end] } })
  })

  test.each([
    ['on, for a deployment that says nothing', undefined, true, 2],
    ['off, for one that insists', true, false, 1],
    ['on, for one that says no', false, true, 2],
    ['nothing, for one that insists', true, undefined, 2],
    ['nothing, for one that says nothing', undefined, undefined, 1],
  ])('a request may say for itself: %s', async (_what, ensureToolCall, asked, expected) => {
    const { requests, seen } = modelOf([talks, looks], { ensureToolCall })
    await seen({}, { ensureToolCall: asked })
    expect(requests).toHaveLength(expected)
  })
})

describe.each(bothWays)('an answer (stream: %s)', (stream) => {
  test('without a call is not the answer: the model is reminded, and what it said is not kept', async () => {
    const { requests, seen, records } = modelOf([talks, looks])
    const { content, calls: made, finish, reasoning } = await seen({ stream })
    expect([made, finish, reasoning]).toEqual([[calls('get_weather', { city: 'Oslo' })], 'tool_calls', 'Rain?'])
    expect(content || null).toBeNull()
    expect(requests).toHaveLength(2)
    expect(systemOf(requests[0])).not.toContain('Reminder')
    expect(systemOf(requests[1])).toMatch(/^Always[^\n]+\n\nReminder 1: your last reply had no tool call/)
    expect(requests[1]?.messages.slice(1)).toEqual(question.messages)
    expect(records[0]?.attempts).toMatchObject([{ rounds: 2, parsedBecause: expect.any(String) }])
    expect(records[0]?.attempts[0]?.toolEnforcement).toBeUndefined()
  })

  test('of reasoning alone is none', async () => {
    const { requests, seen } = modelOf([{ reasoning: 'I will look.' }, looks])
    expect((await seen({ stream })).calls).toHaveLength(1)
    expect(requests).toHaveLength(2)
  })

  test('of the call done is its final answer as text, and the turn stops', async () => {
    const { seen } = modelOf([ends({ final_answer: 'It rains.' })])
    const { content, calls: made, finish } = await seen({ stream })
    expect([content, made, finish]).toEqual(['It rains.', [], 'stop'])
  })

  test('behind a text comes apart from it, and once', async () => {
    const { seen } = modelOf([
      ends({ final_answer: 'It rains.' }, { text: 'I looked.' }),
      ends({ final_answer: 'It rains.' }, { text: 'It rains.\n' }),
    ])
    expect((await seen({ stream })).content).toBe('I looked.\n\nIt rains.')
    expect((await seen({ stream })).content).toBe('It rains.\n')
  })

  test('beside other calls leaves them, numbered anew', async () => {
    const both = [calls('done', { final_answer: 'Looking.' }), calls('get_weather', { city: 'Oslo' })]
    const { seen, requests } = modelOf([{ toolCalls: both }])
    const { content, calls: made, finish } = await seen({ stream })
    expect([content, made, finish]).toEqual(['Looking.', [both[1]], 'tool_calls'])
    expect(requests).toHaveLength(1)
  })

  test('that says nothing is demanded once more, as the final answer', async () => {
    const { seen, requests } = modelOf([ends({}), ends({ final_answer: 'It rains.' })])
    expect((await seen({ stream })).content).toBe('It rains.')
    expect(systemOf(requests[1])).toMatch(/Reminder 1: you called `done` without `final_answer`/)
  })

  test('that says nothing will do where the user has read something since he asked', async () => {
    const { seen, requests } = modelOf([ends({}, { reasoning: 'All said.', usage: tokens(9, 4) })])
    const said: ChatMessage = { role: 'assistant', content: 'It rains in Oslo.', tool_calls: [] }
    const { content, finish, calls: made, reasoning } = await seen({ stream, messages: [...question.messages, said] })
    expect([content, finish, made, requests.length]).toEqual(['', 'stop', [], 1])
    // What is empty has no reasoning either, unless that went out as it came.
    expect(reasoning).toBe(stream ? 'All said.' : '')
  })

  test('that said something before the user asked again does not count as said', async () => {
    const { seen, requests } = modelOf([ends({}), ends({ final_answer: 'Dry.' })])
    const before: ChatMessage[] = [
      { role: 'assistant', content: 'It rains.' },
      { role: 'user', content: 'And now?' },
    ]
    expect((await seen({ stream, messages: [...question.messages, ...before] })).content).toBe('Dry.')
    expect(requests).toHaveLength(2)
  })

  test('uses the sum of its calls', async () => {
    const { seen, records } = modelOf([talks, looks])
    const { usage } = await seen({ stream })
    expect(usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 8, total_tokens: 25 })
    expect(records[0]?.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 8 })
    expect(records[0]?.attempts[0]?.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 8 })
  })

  test('that never comes ends with the last one, as it is, and says so', async () => {
    const { seen, requests, records } = modelOf([talks, { text: 'No.' }, { text: 'Never.', finish: 'stop' }])
    const { content, finish, answer } = await seen({ stream })
    expect([content, finish, requests.length]).toEqual(['Never.', 'stop', 3])
    expect(systemOf(requests[2])).toMatch(/Reminder 1:[^\n]+\n\nReminder 2:/)
    expect(answer.route?.toolEnforcement).toBe('exhausted')
    expect(records[0]?.attempts).toMatchObject([{ rounds: 3, toolEnforcement: 'exhausted' }])
    expect(records[0]?.error).toBeUndefined()
  })

  test.each(['length', 'content_filter'] as const)('that ended by %s is not asked for again', async (finish) => {
    const { seen, requests, records } = modelOf([{ text: 'It r', finish }, looks])
    expect(await seen({ stream })).toMatchObject({ content: 'It r', finish })
    expect(requests).toHaveLength(1)
    expect(records[0]?.attempts[0]?.toolEnforcement).toBeUndefined()
  })

  test('whose final answer was cut is as much as there is of it', async () => {
    const cut = { toolCalls: [{ name: 'done', arguments: '{"final_answer":"It rai' }], finish: 'length' as const }
    expect(await modelOf([cut]).seen({ stream })).toMatchObject({ content: 'It rai', finish: 'length', calls: [] })
  })
})

test.each([
  ['done', true],
  ['Final', true],
  ['FINAL', true],
  ['42', true],
  ['call_7', true],
  ['functions.lookup:42', false],
  ['lookup_2', false],
  ['call_me_7', false],
  ['done_1', false],
])('a call of %s ends the turn: %s', async (name, isEnd) => {
  const { seen } = modelOf([{ toolCalls: [calls(name, { summary: 'It rains.' })] }])
  const { content, calls: made, finish } = await seen()
  expect([content, made.length, finish]).toEqual(isEnd ? ['It rains.', 0, 'stop'] : [null, 1, 'tool_calls'])
})

test.each([
  [{ final_answer: 'A' }, 'A'],
  [{ finalAnswer: 'A', summary: 'B' }, 'A'],
  [{ 'Final Answer': 'A' }, 'A'],
  [{ summary: 'B', answer: 'A' }, 'A'],
  [{ final: 'A' }, 'A'],
  [{ raw: { final_answer: 'A' } }, 'A'],
  [{ _raw: '{"answer":"A"}' }, 'A'],
  [{ final_answer: { text: 'A' } }, '{"text":"A"}'],
  [{ final_answer: '  ', summary: 'A' }, 'A'],
])('the answer in %j is %s', async (given, expected) => {
  expect((await modelOf([ends(given)]).seen()).content).toBe(expected)
})

test.each([[{ note: 'A' }], [{ answers: 'A' }], [{ final_answer: null }], ['text']])(
  'there is no answer in %j',
  async (given) => {
    const { seen, requests } = modelOf([ends(given), looks])
    await seen()
    expect(requests).toHaveLength(2)
  },
)

describe("a client's own done", () => {
  const own = { type: 'function', function: { name: 'Done', parameters: { type: 'object' } } } as const
  const end = { name: 'Done', arguments: '{"result":7}' }

  test('is the one that ends the turn: none is added, and its call goes to the client', async () => {
    const { seen, requests } = modelOf([talks, { toolCalls: [end] }])
    const { calls: made, finish } = await seen({ tools: [weather, own] })
    expect([made, finish]).toEqual([[end], 'tool_calls'])
    expect(requests[0]?.tools).toEqual([weather, own])
    expect(systemOf(requests[0])).toMatch(/call `Done`\.$/)
    expect(systemOf(requests[1])).toMatch(/call `Done`\.$/)
  })

  test('and any tool of the client whose name looks like an end stays a tool', async () => {
    const tools = ['final', '42'].map((name) => ({ type: 'function' as const, function: { name } }))
    const { seen } = modelOf([{ toolCalls: [calls('final'), calls('42')] }])
    expect((await seen({ tools })).calls).toEqual([calls('final'), calls('42')])
  })
})
