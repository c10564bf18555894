import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

const tools = [weather, clock, writer]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of DeepSeek-V3.1',
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'text, then two calls that are the same',
    from: 'dynamo PARSER.15',
    text: 'Both:\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    tools,
    content: 'Both:',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
    ],
  },
  {
    what: 'thinking mode: the opener was prefilled',
    from: 'template of DeepSeek-V3.1',
    text: 'Weather.</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    startsIn: 'reasoning',
    tools,
    reasoning: 'Weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'without thinking the prefilled closer may be echoed',
    from: 'template of DeepSeek-V3.1',
    text: '</think>It is 4.',
    content: 'It is 4.',
  },
  {
    what: 'a call inside reasoning',
    from: 'vllm#42400',
    text: 'Weather. <｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜></think>',
    startsIn: 'reasoning',
    tools,
    reasoning: 'Weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'white space around the parts, text behind',
    from: 'grammar',
    text: '<｜tool▁calls▁begin｜>\n<｜tool▁call▁begin｜> get_time <｜tool▁sep｜> {} \n<｜tool▁call▁end｜>\n<｜tool▁calls▁end｜>\nThere.',
    tools,
    content: 'There.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'neither wrapped nor closed',
    from: 'grammar',
    text: '<｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{}<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
    ],
  },
  {
    what: 'underscores in the tokens',
    from: 'grammar',
    text: '<｜tool_calls_begin｜><｜tool_call_begin｜>get_weather<｜tool_sep｜>{"city": "Paris"}<｜tool_call_end｜><｜tool_calls_end｜>',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'tokens, braces and quotes inside a string',
    from: 'vllm#45167',
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>write_file<｜tool▁sep｜>{"path": "a", "content": "}<｜tool▁call▁end｜>\\"]<｜tool▁calls▁end｜>\\\\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    tools,
    calls: [
      {
        name: 'write_file',
        arguments: '{"path": "a", "content": "}<｜tool▁call▁end｜>\\"]<｜tool▁calls▁end｜>\\\\"}',
      },
    ],
  },
  {
    what: 'an unknown tool, arguments in Python style',
    from: 'smg#1728; faults, row 36',
    text: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>find<｜tool▁sep｜>{'a': True, 'b': None}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    tools,
    calls: [{ name: 'find', arguments: '{"a": true, "b": null}' }],
  },
  {
    what: 'arguments that cannot be mended, then a good call',
    from: 'sglang resync tests',
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>find<｜tool▁sep｜>{"a": @@}<｜tool▁call▁end｜><｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    tools,
    calls: [
      { name: 'find', arguments: '{"a": @@}', state: 'invalid' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'cut inside a key',
    from: 'cline#13001',
    text: 'So.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"ci',
    how: 'cut',
    tools,
    content: 'So.',
    calls: [{ name: 'get_weather', arguments: '{"ci', state: 'incomplete' }],
  },
  {
    what: 'cut before the separator',
    from: 'grammar',
    text: 'So.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather',
    how: 'length',
    tools,
    content: 'So.',
  },
  {
    what: 'tokens quoted in a code fence',
    from: 'faults, row 35',
    text: '```\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>\n```\n',
    tools,
    content:
      '```\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>\n```\n',
  },
]
