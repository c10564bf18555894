import { describe, expect, test } from 'vitest'
import { clock, weather, writer } from '../cases/tools.ts'
import { readAnswer } from './answer.ts'
import { prompted } from './formats/prompted.ts'
import { type PromptableMessage, promptTools, writeCalls } from './prompted-tools.ts'
import { everyCut } from './text-cuts.ts'

const user: PromptableMessage = { role: 'user', content: 'Hi' }
const tools = [weather, clock]

interface Request {
  readonly model?: string
  readonly messages: readonly PromptableMessage[]
  readonly tools?: readonly unknown[]
  readonly tool_choice?: unknown
  readonly parallel_tool_calls?: boolean
  readonly functions?: readonly unknown[]
  readonly function_call?: unknown
}

/** The text of the first system message. */
function instructionsOf(request: Request): string {
  const first = promptTools(request).messages.find(({ role }) => role === 'system')
  return typeof first?.content === 'string' ? first.content : ''
}

test('a request without tools, calls and results is the same object', () => {
  const request = {
    model: 'm',
    messages: [user, { role: 'assistant', content: 'Hello' }],
    tools: [],
    tool_choice: 'auto',
  }
  expect(promptTools(request)).toBe(request)
})

describe('the tools', () => {
  test('go into a new system message, whole, and out of the request', () => {
    const long = { ...weather, function: { ...weather.function, description: 'Weather. '.repeat(5_000) } }
    const request: Request = {
      model: 'm',
      messages: [user],
      tools: [long, clock],
      tool_choice: 'auto',
      parallel_tool_calls: true,
    }
    const result = promptTools(request)
    expect(Object.keys(result).sort()).toEqual(['messages', 'model'])
    expect(result.messages[1]).toBe(user)
    const text = instructionsOf(request)
    expect(text).toContain(JSON.stringify(long.function.description))
    expect(text).toContain(JSON.stringify(weather.function.parameters))
    expect(text).toContain('"get_time"')
  })

  test.each(['system', 'developer'])('go behind the text of the first %s message', (role) => {
    const [first, second] = promptTools({ messages: [{ role, content: 'Be kind.' }, user], tools }).messages
    expect(first?.role).toBe(role)
    expect(first?.content).toMatch(/^Be kind\.\n\n# Tools/)
    expect(second).toBe(user)
  })

  test('go behind the parts of a system message that has parts', () => {
    const content = [{ type: 'text', text: 'Be kind.', cache_control: {} }]
    const [first] = promptTools({ messages: [{ role: 'system', content }, user], tools }).messages
    expect(first?.content).toEqual([...content, { type: 'text', text: expect.stringContaining('# Tools') }])
  })

  test('that a service runs itself stay in the request', () => {
    const search = { type: 'web_search' }
    expect(promptTools({ messages: [user], tools: [search, weather] }).tools).toEqual([search])
  })

  test('of free text take it as one argument', () => {
    const text = instructionsOf({
      messages: [user],
      tools: [{ type: 'custom', custom: { name: 'patch', description: 'Applies it.' } }],
    })
    expect(text).toContain(
      '{"name":"patch","description":"Applies it.","parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}',
    )
  })

  test('in the legacy form are tools as well', () => {
    const request: Request = { messages: [user], functions: [weather.function], function_call: { name: 'get_weather' } }
    expect(Object.keys(promptTools(request))).toEqual(['messages'])
    expect(instructionsOf(request)).toContain('must call the tool "get_weather"')
  })
})

describe('the choice', () => {
  test.each([
    ['auto', undefined],
    ['required', 'must call at least one tool'],
    ['any', 'must call at least one tool'],
    [{ type: 'function', function: { name: 'get_time' } }, 'must call the tool "get_time"'],
  ])('%j says %s', (tool_choice, sentence) => {
    const text = instructionsOf({ messages: [user], tools, tool_choice })
    if (sentence === undefined) expect(text).not.toContain('must')
    else expect(text).toContain(sentence)
  })

  test('none lists no tool', () => {
    const text = instructionsOf({ messages: [user], tools, tool_choice: 'none' })
    expect(text).toContain('No tools can be called')
    expect(text).not.toContain('get_weather')
  })

  test('of some tools lists those', () => {
    const allowed_tools = { mode: 'required', tools: [{ type: 'function', function: { name: 'get_time' } }] }
    const text = instructionsOf({ messages: [user], tools, tool_choice: { type: 'allowed_tools', allowed_tools } })
    expect(text).toContain('get_time')
    expect(text).not.toContain('get_weather')
    expect(text).toContain('must call')
  })

  test('of one call at a time is said', () => {
    expect(instructionsOf({ messages: [user], tools, parallel_tool_calls: false })).toContain('one tool at a time')
    expect(instructionsOf({ messages: [user], tools })).not.toContain('one tool at a time')
  })
})

describe('earlier turns', () => {
  const calls = [
    {
      id: 'a',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city": "Oslo", "n": 12345678901234567890}' },
    },
    { id: 'b', type: 'function', function: { name: 'get_time', arguments: '' } },
  ]
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }

  test('calls go into the content of the answer, results into one message of the user', () => {
    const messages = [
      user,
      { role: 'assistant', content: 'Let me look.', reasoning_content: 'Hm.', tool_calls: calls },
      { role: 'tool', tool_call_id: 'a', content: 'Rain' },
      { role: 'tool', tool_call_id: 'b', content: 'Noon' },
      { role: 'assistant', content: 'It rains.' },
    ]
    const result = promptTools({ messages, tools }).messages.slice(1)
    expect(result).toEqual([
      user,
      { role: 'assistant', reasoning_content: 'Hm.', content: expect.stringMatching(/^Let me look\.\n\n```json\n/) },
      {
        role: 'user',
        content:
          '<tool_result name="get_weather" id="a">\nRain\n</tool_result>\n<tool_result name="get_time" id="b">\nNoon\n</tool_result>',
      },
      messages[4],
    ])
    expect(result[1]?.content).toContain('12345678901234567890')
  })

  test('an answer of calls alone has content', () => {
    const [, answer] = promptTools({
      messages: [user, { role: 'assistant', content: null, tool_calls: calls }],
    }).messages
    expect(answer?.content).toMatch(/^```json/)
    expect(answer).not.toHaveProperty('tool_calls')
  })

  test('images and other parts of a result stay parts', () => {
    const messages = [user, { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'Map:' }, image] }]
    expect(promptTools({ messages }).messages[1]).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: '<tool_result id="a">\n' },
        { type: 'text', text: 'Map:' },
        image,
        { type: 'text', text: '\n</tool_result>' },
      ],
    })
  })

  test('parts of an answer stay parts', () => {
    const content = [{ type: 'text', text: 'Look:' }, image]
    const [, answer] = promptTools({ messages: [user, { role: 'assistant', content, tool_calls: calls }] }).messages
    expect(answer?.content).toEqual([...content, { type: 'text', text: expect.stringContaining('tool_calls') }])
  })

  test('the parts that a client sent for itself are left alone', () => {
    const message = {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    }
    expect(promptTools({ messages: [message], tools }).messages[1]).toBe(message)
  })

  test('legacy calls and results are written alike', () => {
    const messages = [
      { role: 'assistant', content: null, function_call: { name: 'get_time', arguments: '{}' } },
      { role: 'function', name: 'get_time', content: 'Noon' },
    ]
    expect(promptTools({ messages }).messages).toEqual([
      {
        role: 'assistant',
        content: '```json\n{"tool_calls": [{"function": {"name": "get_time", "arguments": {}}}]}\n```',
      },
      { role: 'user', content: '<tool_result name="get_time">\nNoon\n</tool_result>' },
    ])
  })

  test.each([
    [{ messages: [null, 3, { role: 'assistant', tool_calls: 'x' }, { role: 'tool' }] }],
    [{ messages: [], tools: [null, 'x', {}] }],
  ])('what is none does not throw: %j', (request) => {
    expect(() => promptTools(request as never)).not.toThrow()
  })
})

describe('what is written is read', () => {
  const calls = [
    { id: 'a', name: 'get_weather', arguments: '{"city": "Oslo", "days": 12345678901234567890}' },
    {
      id: 'b',
      name: 'write_file',
      arguments: String.raw`{"path": "a.md", "content": "${'```'}js\n\"q\" }]} é\n${'```'}"}`,
    },
  ]

  test('calls come back as they were, wherever the text is cut', () => {
    const text = `Let me look.\n\n${writeCalls(calls)}`
    const expected = {
      content: 'Let me look.',
      reasoning: '',
      calls: calls.map((call) => ({ ...call, state: 'complete' })),
    }
    const options = { format: prompted, tools: [...tools, writer] }
    for (const pieces of [[text], [...text], ...everyCut(text)]) expect(readAnswer(options, pieces)).toEqual(expected)
  })

  test('a call behind a fence leaves the fence whole', () => {
    const code = '```js\nlet a\n```'
    const text = `${code}\n{"tool_calls": [{"id": "a", "function": {"name": "get_time", "arguments": {}}}]}`
    const calls = [{ id: 'a', name: 'get_time', arguments: '{}', state: 'complete' }]
    const options = { format: prompted, tools }
    for (const pieces of everyCut(text))
      expect(readAnswer(options, pieces)).toEqual({ content: code, reasoning: '', calls })
  })

  test('arguments that are no object are kept as text', () => {
    expect(writeCalls([{ name: 'a', arguments: '{"city": "Os' }])).toContain(String.raw`"arguments": "{\"city\": \"Os"`)
  })

  test.each(['调用函数: get_weather 参数: {"city": "Oslo"}', '调用函数：get_weather\u0020参数：{"city": "Oslo"}'])(
    '%s',
    (text) => {
      const expected = [{ id: 'new-1', name: 'get_weather', arguments: '{"city": "Oslo"}', state: 'complete' }]
      for (const pieces of [[`A\n${text}`], [...`A\n${text}`]]) {
        expect(readAnswer({ format: prompted, tools }, pieces)).toEqual({
          content: 'A',
          reasoning: '',
          calls: expected,
        })
      }
      const mention = 'Die Form 调用函数 ist\n调用函数: so\n'
      expect(readAnswer({ format: prompted, tools }, [...mention]).content).toBe(mention)
    },
  )
})
