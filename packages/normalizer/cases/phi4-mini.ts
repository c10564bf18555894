import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Phi-4-mini',
    text: 'functools[{"name": "get_weather", "arguments": {"city": "Paris"}}]',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, with either key, one without arguments; the end of the turn leaks',
    from: 'grammar',
    text: 'functools[{"name": "get_weather", "parameters": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}]<|end|>',
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'text before, and behind the balanced list; white space inside',
    from: 'grammar',
    text: 'Looking. functools[ {"name": "get_time", "arguments": {}} ]Done.',
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'brackets and the word inside a string, nested values',
    from: 'grammar',
    text: 'functools[{"name": "write_file", "arguments": {"content": "}]functools[{", "mode": {"bits": [6, 4]}}}]',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}]functools[{", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: 'functools[{"name": "get_tide", "arguments": {"port": "Brest"}}]',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `arguments that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: 'functools[{"name": "get_weather", "arguments": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the module of Python is text',
    from: 'grammar',
    text: 'Use functools.partial, `functools[0]` or functools["{"]; import functools',
    tools: [weather],
    content: 'Use functools.partial, `functools[0]` or functools["{"]; import functools',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: 'functools[{"name": "get_time", "arguments": {}}]',
    content: 'functools[{"name": "get_time", "arguments": {}}]',
  },
]
