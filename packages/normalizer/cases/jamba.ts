import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Jamba 1.5',
    text: ' <tool_calls>[\n    {"name": "get_weather", "arguments": {"city": "Paris"}}\n]</tool_calls>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, one without arguments, text around them',
    from: 'grammar',
    text: 'Looking. <tool_calls>[{"name": "get_weather", "arguments": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}]</tool_calls>Done.',
    tools: [weather, clock],
    content: 'Looking. Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'arguments written as a string',
    from: 'grammar',
    text: '<tool_calls>[{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}]</tool_calls>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<tool_calls>[{"name": "write_file", "arguments": {"content": "]</tool_calls>", "mode": {"bits": [6, 4]}}}]</tool_calls>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "]</tool_calls>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<tool_calls>[{"name": "get_tide", "arguments": {"port": "Brest"}}]</tool_calls>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `arguments that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<tool_calls>[{"name": "get_weather", "arguments": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'a mention that commits to nothing',
    from: 'grammar',
    text: 'Jamba writes <tool_calls> around a list.',
    tools: [weather],
    content: 'Jamba writes <tool_calls> around a list.',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: '<tool_calls>[{"name": "get_time", "arguments": {}}]</tool_calls>',
    content: '<tool_calls>[{"name": "get_time", "arguments": {}}]</tool_calls>',
  },
]
