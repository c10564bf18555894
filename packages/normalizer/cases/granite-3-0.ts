import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Granite 3.0',
    text: '<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls with white space behind the token, one without arguments',
    from: 'grammar',
    text: '<|tool_call|> [{"name": "get_weather", "arguments": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}]',
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'text before, and behind the balanced list',
    from: 'grammar',
    text: 'Looking. <|tool_call|>[{"name": "get_time", "arguments": {}}]Done.',
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the token and brackets inside a string, nested values',
    from: 'grammar',
    text: '<|tool_call|>[{"name": "write_file", "arguments": {"content": "}]<|tool_call|>", "mode": {"bits": [6, 4]}}}]',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}]<|tool_call|>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: '<|tool_call|>[{"name": "get_tide", "arguments": {"port": "Brest"}}]',
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'cut',
    text: '<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'the last value is complete, the closers are missing, ended by itself',
    from: 'grammar',
    text: '<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'no list behind the token',
    from: 'grammar',
    text: 'The token <|tool_call|> opens a list, as in `<|tool_call|>[]`.',
    tools: [weather],
    content: 'The token <|tool_call|> opens a list, as in `<|tool_call|>[]`.',
  },
]
