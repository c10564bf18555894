import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'
import { typed } from './typed-tools.ts'

const tools = [weather, clock, writer, typed]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of MiniMax-M2',
    text: `<minimax:tool_call>
<invoke name="get_weather">
<parameter name="city">Paris</parameter>
<parameter name="days">3</parameter>
</invoke>
</minimax:tool_call>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'reasoning that started prefilled, text, two calls in one block, end of turn',
    from: 'template of MiniMax-M2',
    text: `The user wants both.
</think>

Both cities.
<minimax:tool_call>
<invoke name="get_weather">
<parameter name="city">Paris</parameter>
</invoke>
<invoke name="get_weather">
<parameter name="city">Rome</parameter>
</invoke>
</minimax:tool_call>[e~[`,
    startsIn: 'reasoning',
    tools,
    reasoning: 'The user wants both.',
    content: 'Both cities.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'names in single quotes and in none',
    from: 'grammar',
    text: `<minimax:tool_call><invoke name='get_weather'><parameter name=city>Paris</parameter><parameter name='days'>2</parameter></invoke><invoke name=get_time></invoke></minimax:tool_call>`,
    tools,
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris","days":2}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'values verbatim, types by schema',
    from: 'grammar, coercion; sglang#23071',
    text: `<minimax:tool_call>
<invoke name="set">
<parameter name="text"> 1 "<b>&amp;
</parameter>
<parameter name="count">1</parameter>
<parameter name="on">false</parameter>
<parameter name="list">["x"]</parameter>
<parameter name="map">{"a": {"b": [1]}}</parameter>
<parameter name="note">null</parameter>
</invoke>
</minimax:tool_call>`,
    tools,
    calls: [
      {
        name: 'set',
        arguments: '{"text":" 1 \\"<b>&amp;\\n","count":1,"on":false,"list":["x"],"map":{"a": {"b": [1]}},"note":null}',
      },
    ],
  },
  {
    what: 'no arguments, in two spellings',
    from: 'vllm#44326',
    text: '<minimax:tool_call>\n<invoke name="get_time">\n</invoke>\n<invoke name="get_time"></invoke>\n</minimax:tool_call>',
    tools,
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'an unknown tool: every value is text',
    from: 'smg#1728',
    text: '<minimax:tool_call>\n<invoke name="find">\n<parameter name="n">5</parameter>\n</invoke>\n</minimax:tool_call>',
    tools,
    calls: [{ name: 'find', arguments: '{"n":"5"}' }],
  },
  {
    what: 'a closer in a value is data where text follows it, other tags are always',
    from: 'grammar, value closers',
    text: '<minimax:tool_call>\n<invoke name="write_file">\n<parameter name="content"><tool_call> </parameter> x </think></parameter>\n</invoke>\n</minimax:tool_call>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"<tool_call> </parameter> x </think>"}' }],
  },
  {
    what: 'a call inside reasoning, interleaved thinking after it',
    from: 'grammar',
    text: '<think>Time first.\n<minimax:tool_call>\n<invoke name="get_time">\n</invoke>\n</minimax:tool_call>\n<think>Now wait.</think>\nWait.',
    tools,
    reasoning: 'Time first.\nNow wait.',
    content: 'Wait.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'text between two blocks',
    from: 'llama.cpp#20660',
    text: 'A\n<minimax:tool_call>\n<invoke name="get_time">\n</invoke>\n</minimax:tool_call>\nB\n<minimax:tool_call>\n<invoke name="get_time">\n</invoke>\n</minimax:tool_call>\n',
    tools,
    content: 'A\n\nB',
    calls: [
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'the block is not closed',
    from: 'grammar',
    text: '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n</invoke>\n',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a long value',
    from: 'vllm#39649',
    text: `<minimax:tool_call>\n<invoke name="write_file">\n<parameter name="content">${'</ <p> '.repeat(250)}</parameter>\n</invoke>\n</minimax:tool_call>`,
    tools,
    calls: [{ name: 'write_file', arguments: `{"content":"${'</ <p> '.repeat(250)}"}` }],
  },
  {
    what: 'cut inside a value',
    from: 'cline#13001',
    text: 'So.\n<minimax:tool_call>\n<invoke name="write_file">\n<parameter name="path">a.md</parameter>\n<parameter name="content">half',
    how: 'length',
    tools,
    content: 'So.',
    calls: [{ name: 'write_file', arguments: '{"path":"a.md","content":"half', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole value',
    from: 'grammar',
    text: '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the text ends inside the opener of another value',
    from: 'grammar',
    text: '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n<parameter na',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'cut inside the name',
    from: 'vllm#39757',
    text: 'So.\n<minimax:tool_call>\n<invoke name="get_we',
    how: 'cut',
    tools,
    content: 'So.',
  },
  {
    what: 'a part of the opener is text',
    from: 'sglang#36691',
    text: 'a <minimax:tool> b <minimax:tool_ca',
    tools,
    content: 'a <minimax:tool> b <minimax:tool_ca',
  },
  {
    what: 'quoted in inline code and in a fence',
    from: 'faults, row 35',
    text: 'It is `<minimax:tool_call>`:\n```\n<minimax:tool_call>\n<invoke name="example">\n</invoke>\n</minimax:tool_call>\n```\n',
    tools,
    content:
      'It is `<minimax:tool_call>`:\n```\n<minimax:tool_call>\n<invoke name="example">\n</invoke>\n</minimax:tool_call>\n```\n',
  },
]
