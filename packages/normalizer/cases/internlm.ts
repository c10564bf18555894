import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'text, then a call; the end of the turn leaks',
    from: 'template of InternLM 2.5',
    text: 'I will look.<|action_start|><|plugin|>\n{"name": "get_weather", "parameters": {"city": "Paris"}}<|action_end|>\n<|im_end|>',
    tools: [weather],
    content: 'I will look.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the other key, several calls, one without arguments',
    from: 'grammar',
    text: `<|action_start|><|plugin|>{"name": "get_weather", "arguments": {"city": "Rome"}}<|action_end|>
<|action_start|> <|plugin|>
{"name": "get_time", "parameters": {}}
<|action_end|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'reasoning of Intern-S1, text behind the call',
    from: 'template of Intern-S1',
    text: '<think>I need the time.</think><|action_start|><|plugin|>{"name": "get_time", "parameters": {}}<|action_end|>Done.',
    tools: [clock],
    reasoning: 'I need the time.',
    content: 'Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'a call inside prefilled, echoed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>I need the time.\n<|action_start|><|plugin|>{"name": "get_time", "parameters": {}}<|action_end|>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<|action_start|><|plugin|>{"name": "write_file", "parameters": {"content": "}}<|action_end|>", "mode": {"bits": [6, 4]}}}<|action_end|>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}}<|action_end|>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: '<|action_start|><|plugin|>{"name": "get_tide", "parameters": {"port": "Brest"}}<|action_end|>',
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `parameters that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<|action_start|><|plugin|>\n{"name": "get_weather", "parameters": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'another action is text',
    from: 'grammar',
    text: 'It runs <|action_start|>python, or `<|action_start|><|plugin|>{...}`.',
    tools: [weather],
    content: 'It runs <|action_start|>python, or `<|action_start|><|plugin|>{...}`.',
  },
]
