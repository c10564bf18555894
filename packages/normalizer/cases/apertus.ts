import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'reasoning, then a call',
    from: 'template of Apertus',
    text: '<|inner_prefix|>I need the weather.<|inner_suffix|><|tools_prefix|>[{"get_weather": {"city": "Paris"}}]<|tools_suffix|>',
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, equal ones too, one without arguments, text around them',
    from: 'grammar',
    text: 'Looking. <|tools_prefix|>[{"get_weather": {"city": "Rome"}}, {"get_time": {}}, {"get_weather": {"city": "Rome"}}]<|tools_suffix|>Done.',
    tools: [weather, clock],
    content: 'Looking. Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
    ],
  },
  {
    what: 'prefilled reasoning and an answer',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The sky is blue.<|inner_suffix|>It is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'a call inside echoed, unclosed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<|inner_prefix|>I need the time.\n<|tools_prefix|>[{"get_time": {}}]<|tools_suffix|>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values that look like calls',
    from: 'grammar',
    text: '<|tools_prefix|>[{"write_file": {"content": "}]<|tools_suffix|>", "mode": [{"get_time": {}}]}}]<|tools_suffix|>',
    tools: [writer, clock],
    calls: [{ name: 'write_file', arguments: '{"content": "}]<|tools_suffix|>", "mode": [{"get_time": {}}]}' }],
  },
  {
    what: 'a tool called name, with arguments called arguments',
    from: 'grammar',
    text: '<|tools_prefix|>[{"name": {"arguments": {"name": "x"}}}]<|tools_suffix|>',
    calls: [{ name: 'name', arguments: '{"arguments": {"name": "x"}}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: '<|tools_prefix|>[{"get_tide": {"port": "Brest"}}]<|tools_suffix|>',
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `arguments that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<|tools_prefix|>[{"get_weather": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the markers in inline code are text',
    from: 'decisions',
    text: 'It writes `<|tools_prefix|>[{"NAME": {}}]<|tools_suffix|>` and `<|inner_prefix|>`.',
    tools: [weather],
    content: 'It writes `<|tools_prefix|>[{"NAME": {}}]<|tools_suffix|>` and `<|inner_prefix|>`.',
  },
]
