import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of MiniMax-M1',
    text: '<tool_calls>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_calls>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'reasoning, text, two calls',
    from: 'template of MiniMax-M1',
    text: '<think>\nWeather is needed.\n</think>\n\nBoth cities.\n<tool_calls>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_calls>\n',
    tools,
    reasoning: 'Weather is needed.',
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
    ],
  },
  {
    what: 'calls inside a closed think block are drafts',
    from: 'MiniMax-M1 in vLLM',
    text: '<think>\nI would write\n<tool_calls>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_calls>\nbut for Paris.\n</think>\n\n<tool_calls>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_calls>',
    tools,
    reasoning:
      'I would write\n<tool_calls>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_calls>\nbut for Paris.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'drafts in reasoning whose opener was prefilled',
    from: 'MiniMax-M1 in vLLM',
    text: 'Maybe <tool_calls>{"name": "get_time", "arguments": {}}</tool_calls>.</think>It is 4.',
    startsIn: 'reasoning',
    tools,
    reasoning: 'Maybe <tool_calls>{"name": "get_time", "arguments": {}}</tool_calls>.',
    content: 'It is 4.',
  },
  {
    what: 'the closer is missing',
    from: 'grammar',
    text: '<tool_calls>\n{"name": "get_time", "arguments": {}}\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
    ],
  },
  {
    what: 'the closer inside a string',
    from: 'vllm#45167',
    text: '<tool_calls>\n{"name": "write_file", "arguments": {"path": "a", "content": "</tool_calls>\\n{\\"name\\": \\"x\\"}"}}\n</tool_calls>\nDone.',
    tools,
    content: 'Done.',
    calls: [{ name: 'write_file', arguments: '{"path": "a", "content": "</tool_calls>\\n{\\"name\\": \\"x\\"}"}' }],
  },
  {
    what: 'the same call twice, no arguments',
    from: 'dynamo PARSER.15, vllm#44326',
    text: '<tool_calls>\n{"name": "get_time", "arguments": {}}\n{"name": "get_time", "arguments": null}\n</tool_calls>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'an unknown tool',
    from: 'smg#1728',
    text: '<tool_calls>\n{"name": "find", "arguments": {"q": "x"}}\n</tool_calls>',
    tools,
    calls: [{ name: 'find', arguments: '{"q": "x"}' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'faults, row 35',
    text: 'The tag <tool_calls> holds calls, </tool_calls> ends them, as `<tool_calls>` does.',
    tools,
    content: 'The tag <tool_calls> holds calls, </tool_calls> ends them, as `<tool_calls>` does.',
  },
  {
    what: 'an example in a fence, of a tool that is not declared',
    from: 'faults, row 35',
    text: '```\n<tool_calls>\n{"name": "example", "arguments": {}}\n</tool_calls>\n```\n',
    tools,
    content: '```\n<tool_calls>\n{"name": "example", "arguments": {}}\n</tool_calls>\n```\n',
  },
  {
    what: 'cut inside a string of the second call',
    from: 'cline#13001',
    text: '<tool_calls>\n{"name": "get_time", "arguments": {}}\n{"name": "write_file", "arguments": {"path": "a", "content": "half',
    how: 'length',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'write_file', arguments: '{"path": "a", "content": "half', state: 'incomplete' },
    ],
  },
  {
    what: 'no tools are declared: text',
    from: 'grammar',
    text: '<tool_calls>\n{"name": "get_time", "arguments": {}}\n</tool_calls>',
    tools: [],
    content: '<tool_calls>\n{"name": "get_time", "arguments": {}}\n</tool_calls>',
  },
]
