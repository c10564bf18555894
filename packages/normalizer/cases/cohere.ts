import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'prefilled thinking, then an action',
    from: 'template of Command A',
    startsIn: 'reasoning',
    text: `I will look up the weather.<|END_THINKING|><|START_ACTION|>[
    {"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Paris"}}
]<|END_ACTION|>`,
    tools: [weather],
    reasoning: 'I will look up the weather.',
    calls: [{ name: 'get_weather', id: '0', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'the prefilled opener is echoed, the answer has its own markers and citations',
    from: 'template of Command A',
    startsIn: 'reasoning',
    text: '<|START_THINKING|>The tool said sun.<|END_THINKING|><|START_RESPONSE|>It is <co>sunny</co: 0:[0]>.<|END_RESPONSE|>',
    reasoning: 'The tool said sun.',
    content: 'It is <co>sunny</co: 0:[0]>.',
  },
  {
    what: 'the other spelling of the answer, thinking opened by the model',
    from: 'grammar',
    text: '<|START_THINKING|>Sun.<|END_THINKING|><|START_TEXT|>It is sunny.<|END_TEXT|>',
    reasoning: 'Sun.',
    content: 'It is sunny.',
  },
  {
    what: 'several calls, equal ones too, one without arguments',
    from: 'grammar',
    text: `<|START_ACTION|>[
    {"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Rome"}},
    {"tool_call_id": "1", "tool_name": "get_time", "parameters": {}},
    {"tool_call_id": "2", "tool_name": "get_weather", "parameters": {"city": "Rome"}}
]<|END_ACTION|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', id: '0', arguments: '{"city": "Rome"}' },
      { name: 'get_time', id: '1', arguments: '{}' },
      { name: 'get_weather', id: '2', arguments: '{"city": "Rome"}' },
    ],
  },
  {
    what: 'an action inside unclosed thinking ends it',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'I need the time.\n<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "get_time", "parameters": {}}]<|END_ACTION|>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', id: '0', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "write_file", "parameters": {"content": "]<|END_ACTION|>}", "mode": {"bits": [6, 4]}}}]<|END_ACTION|>',
    tools: [writer],
    calls: [{ name: 'write_file', id: '0', arguments: '{"content": "]<|END_ACTION|>}", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too; text around it',
    from: 'smg#1728',
    tools: [],
    text: 'Looking. <|START_ACTION|>[{"tool_call_id": "0", "tool_name": "get_tide", "parameters": {"port": "Brest"}}]<|END_ACTION|>Done.',
    content: 'Looking. Done.',
    calls: [{ name: 'get_tide', id: '0', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `parameters that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', id: '0', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the markers in inline code are text',
    from: 'decisions',
    text: 'It writes `<|START_ACTION|>[...]<|END_ACTION|>` and `<|START_THINKING|>`.',
    tools: [weather],
    content: 'It writes `<|START_ACTION|>[...]<|END_ACTION|>` and `<|START_THINKING|>`.',
  },
]
