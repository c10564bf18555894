import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of LongCat-Flash-Chat',
    text: '<longcat_tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</longcat_tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'reasoning that started prefilled, text, two calls',
    from: 'template of LongCat-Flash-Thinking',
    text: 'Both.\n</longcat_think>\n\nBoth cities.\n<longcat_tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</longcat_tool_call>\n<longcat_tool_call>\n{"name": "get_time", "arguments": {}}\n</longcat_tool_call>',
    startsIn: 'reasoning',
    tools,
    reasoning: 'Both.',
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'reasoning with its opener',
    from: 'template of LongCat-Flash-Thinking',
    text: '<longcat_think>\nHm.\n</longcat_think>\nIt is 4.',
    reasoning: 'Hm.',
    content: 'It is 4.',
  },
  {
    what: 'a call inside reasoning ends it',
    from: 'vllm#42400',
    text: '<longcat_think>\nTime is needed.\n<longcat_tool_call>{"name": "get_time", "arguments": {}}</longcat_tool_call>\n</longcat_think>',
    tools,
    reasoning: 'Time is needed.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, and Python style',
    from: 'vllm#45167; faults, row 36',
    text: `<longcat_tool_call>{'name': 'write_file', 'arguments': {'path': None, 'content': '</longcat_tool_call>',}}</longcat_tool_call>`,
    tools,
    calls: [{ name: 'write_file', arguments: '{"path": null, "content": "</longcat_tool_call>"}' }],
  },
  {
    what: 'an unknown tool, text after it',
    from: 'smg#1728, llama.cpp#20660',
    text: 'A <longcat_tool_call>{"name": "find", "arguments": {"q": 1}}</longcat_tool_call> B',
    tools,
    content: 'A  B',
    calls: [{ name: 'find', arguments: '{"q": 1}' }],
  },
  {
    what: 'a mention that commits to nothing, and one in code',
    from: 'faults, row 35',
    text: 'The tag <longcat_tool_call> opens, `<longcat_think>` too.',
    tools,
    content: 'The tag <longcat_tool_call> opens, `<longcat_think>` too.',
  },
  {
    what: 'cut inside a string',
    from: 'cline#13001',
    text: '<longcat_tool_call>\n{"name": "write_file", "arguments": {"path": "a", "content": "half',
    how: 'length',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path": "a", "content": "half', state: 'incomplete' }],
  },
  {
    what: 'cut inside the name',
    from: 'vllm#39757',
    text: 'So.\n<longcat_tool_call>\n{"name": "get_we',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'the tags of others are text',
    from: 'grammar',
    text: '<tool_call>{"name": "get_time", "arguments": {}}</tool_call>',
    tools,
    content: '<tool_call>{"name": "get_time", "arguments": {}}</tool_call>',
  },
]
