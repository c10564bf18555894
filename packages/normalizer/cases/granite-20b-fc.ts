import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Granite 20B FC',
    text: '<function_call> {"name": "get_weather", "arguments": {"city": "Paris"}}',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, each with its opener, one without arguments',
    from: 'grammar',
    text: `<function_call> {"name": "get_weather", "arguments": {"city": "Rome"}}
<function_call> {"name": "get_time", "arguments": {}}<function_call>{"name": "get_time", "arguments": {}}`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'text before, and behind the balanced object',
    from: 'grammar',
    text: 'Looking. <function_call> {"name": "get_time", "arguments": {}} Done.',
    tools: [clock],
    content: 'Looking.  Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'braces and the opener inside a string, nested values',
    from: 'grammar',
    text: '<function_call> {"name": "write_file", "arguments": {"content": "}}<function_call> {", "mode": {"bits": [6, 4]}}}',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}}<function_call> {", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<function_call> {"name": "get_tide", "arguments": {"port": "Brest"}}',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'length',
    text: '<function_call> {"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'grammar',
    text: 'Granite writes <function_call> and an object.',
    tools: [weather],
    content: 'Granite writes <function_call> and an object.',
  },
]
