import { describe, expect, test } from 'vitest'
import { responsesClient } from './client.ts'

const read = (body: object) => responsesClient.readRequest({ model: 'm', input: 'Hi', ...body })

const call = (call_id: string, name: string) => ({ type: 'function_call', call_id, name, arguments: '{}' })
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'seen' })

describe('tools', () => {
  const fn = (name: string) => ({ type: 'function', name, parameters: { type: 'object' } })

  test('are functions, with strictness only where it was written', () => {
    const { chat } = read({
      tools: [{ ...fn('a'), description: 'A', strict: true }, fn('b')],
      tool_choice: 'required',
      parallel_tool_calls: false,
    })
    expect(chat.tools).toEqual([
      { type: 'function', function: { name: 'a', description: 'A', parameters: { type: 'object' }, strict: true } },
      { type: 'function', function: { name: 'b', parameters: { type: 'object' } } },
    ])
    expect(chat).toMatchObject({ tool_choice: 'required', parallel_tool_calls: false })
  })

  test('of namespaces get flat names, which calls of the history get too', () => {
    const tools = [{ type: 'namespace', name: 'agents', description: 'Agents', tools: [fn('spawn'), fn('stop')] }]
    const input = [{ ...call('a', 'spawn'), namespace: 'agents' }, output('a')]
    const { chat } = read({ tools, input, tool_choice: { type: 'function', name: 'stop', namespace: 'agents' } })
    expect(chat.tools?.map((tool) => tool.type === 'function' && tool.function.name)).toEqual([
      'agents__spawn',
      'agents__stop',
    ])
    expect(chat.tool_choice).toEqual({ type: 'function', function: { name: 'agents__stop' } })
    expect(chat.messages[0]).toMatchObject({ tool_calls: [{ function: { name: 'agents__spawn' } }] })
  })

  test('with long or equal flat names stay apart, within 64 characters', () => {
    const long = 'n'.repeat(40)
    const tools = [
      { type: 'namespace', name: long, tools: [fn(`${'f'.repeat(30)}1`), fn(`${'f'.repeat(30)}2`)] },
      { type: 'namespace', name: 'a', tools: [fn('b')] },
      fn('a__b'),
    ]
    const names = read({ tools }).chat.tools?.map((tool) => (tool.type === 'function' ? tool.function.name : ''))
    expect(new Set(names).size).toBe(4)
    expect(Math.max(...(names ?? []).map(({ length }) => length))).toBe(64)
    expect(names?.slice(2)).toEqual(['a__b', 'a__b_2'])
  })

  test('that take plain text are functions with one text, and so are their calls', () => {
    const tools = [
      {
        type: 'custom',
        name: 'apply_patch',
        description: 'Patches.',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
      },
    ]
    const input = [
      { type: 'custom_tool_call', call_id: 'a', name: 'apply_patch', input: 'x "y"' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'ok' },
    ]
    const { chat } = read({ tools, input, tool_choice: { type: 'custom', name: 'apply_patch' } })
    expect(chat.tools).toMatchObject([
      {
        type: 'function',
        function: {
          name: 'apply_patch',
          description: 'Patches.\n\nThe input must follow this lark grammar:\nstart: "x"',
          parameters: { required: ['input'] },
        },
      },
    ])
    expect(chat.messages).toMatchObject([
      { tool_calls: [{ id: 'a', function: { name: 'apply_patch', arguments: '{"input":"x \\"y\\""}' } }] },
      { role: 'tool', tool_call_id: 'a', content: 'ok' },
    ])
    expect(chat.tool_choice).toEqual({ type: 'function', function: { name: 'apply_patch' } })
  })

  test('that only some may be called are listed by their flat names', () => {
    const tools = [fn('a'), { type: 'namespace', name: 'n', tools: [fn('b')] }, { type: 'web_search' }]
    const allowed = [{ type: 'function', name: 'a' }, { type: 'namespace', name: 'n' }, { type: 'web_search' }]
    const { chat } = read({ tools, tool_choice: { type: 'allowed_tools', mode: 'required', tools: allowed } })
    expect(chat.tool_choice).toEqual({
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'required',
        tools: [
          { type: 'function', function: { name: 'a' } },
          { type: 'function', function: { name: 'n__b' } },
        ],
      },
    })
  })

  test('that a service hosts: a search is dropped and named, with all that speaks of tools', () => {
    const { chat, dropped, relayOnly } = read({
      tools: [{ type: 'web_search' }],
      tool_choice: 'auto',
      parallel_tool_calls: true,
    })
    expect(chat).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
    expect(dropped).toEqual(['tools[0]:web_search'])
    expect(relayOnly).toBeUndefined()
  })

  test('that find tools are dropped: deferred ones are sent at once', () => {
    const { chat, dropped, relayOnly } = read({
      tools: [
        { type: 'tool_search', execution: 'client', parameters: { type: 'object' } },
        { ...fn('a'), defer_loading: true },
      ],
    })
    expect(chat.tools).toMatchObject([{ function: { name: 'a' } }])
    expect(dropped).toEqual(['tools[0]:tool_search'])
    expect(relayOnly).toBeUndefined()
  })

  test.each([
    [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [{ type: 'tool_search' }], tool_choice: { type: 'tool_search' } }, 'tool_choice'],
    [
      { tools: [{ type: 'web_search_preview_2025_03_11' }], tool_choice: { type: 'web_search_preview' } },
      'tool_choice',
    ],
    [{ tools: [fn('a'), { type: 'local_shell' }] }, 'tools[1].type'],
    [{ tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'mcp' }] }] }, 'tools[0].tools[0].type'],
    [{ tools: [{ type: 'file_search' }] }, 'tools[0].type'],
  ])('%j can only be met by an upstream of the same dialect', (body, param) => {
    expect(read(body).relayOnly).toMatchObject({
      param,
      message: expect.stringContaining('is not supported by this model'),
    })
  })
})
