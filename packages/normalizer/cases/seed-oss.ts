import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Seed-OSS-36B',
    text: '<seed:tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n<parameter=days>3</parameter>\n</function>\n</seed:tool_call>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'reasoning with a look at its budget, then an answer',
    from: 'template of Seed-OSS-36B',
    text: '<seed:think>Hm.\n<seed:cot_budget_reflect>I have used 129 tokens, and there are 383 tokens remaining for use.</seed:cot_budget_reflect>\nYes.</seed:think>It is 4.',
    reasoning:
      'Hm.\n<seed:cot_budget_reflect>I have used 129 tokens, and there are 383 tokens remaining for use.</seed:cot_budget_reflect>\nYes.',
    content: 'It is 4.',
  },
  {
    what: 'reasoning that started prefilled, text, a call',
    from: 'template of Seed-OSS-36B',
    text: 'Weather is needed.</seed:think>\nLet me see.\n<seed:tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n</function>\n</seed:tool_call>',
    startsIn: 'reasoning',
    tools,
    reasoning: 'Weather is needed.',
    content: 'Let me see.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a call inside reasoning ends it',
    from: 'vllm#42400',
    text: '<seed:think>Time is needed.\n<seed:tool_call>\n<function=get_time>\n</function>\n</seed:tool_call>',
    tools,
    reasoning: 'Time is needed.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'two calls, one without arguments',
    from: 'vllm#44326',
    text: '<seed:tool_call>\n<function=get_time>\n</function>\n</seed:tool_call>\n<seed:tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n</function>\n</seed:tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
    ],
  },
  {
    what: 'a value with line breaks, and one that holds its closer',
    from: 'grammar, value closers',
    text: '<seed:tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n<parameter=content>x </parameter> y </seed:tool_call> z</parameter>\n</function>\n</seed:tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"x </parameter> y </seed:tool_call> z"}' }],
  },
  {
    what: 'an unknown tool, text after it',
    from: 'smg#1728, llama.cpp#20660',
    text: '<seed:tool_call>\n<function=find>\n<parameter=n>5</parameter>\n</function>\n</seed:tool_call>\nDone.',
    tools,
    content: 'Done.',
    calls: [{ name: 'find', arguments: '{"n":"5"}' }],
  },
  {
    what: 'cut inside a value',
    from: 'cline#13001',
    text: '<seed:tool_call>\n<function=write_file>\n<parameter=content>half',
    how: 'length',
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"half', state: 'incomplete' }],
  },
  {
    what: 'cut inside the name',
    from: 'vllm#39757',
    text: 'So.\n<seed:tool_call>\n<function=get_we',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'tags in code, and parts of them',
    from: 'faults, row 35',
    text: 'See `<seed:tool_call>` and `<seed:think>`; <seed:tool> is none, nor <seed:thin',
    tools,
    content: 'See `<seed:tool_call>` and `<seed:think>`; <seed:tool> is none, nor <seed:thin',
  },
]
