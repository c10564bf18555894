import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'
import { typed } from './typed-tools.ts'

const tools = [weather, clock, writer, typed]

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'grammar',
    text: `<function_calls>
<invoke name="get_weather">
<parameter name="city">Paris</parameter>
<parameter name="days">3</parameter>
</invoke>
</function_calls>`,
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'reasoning, text, two calls, text',
    from: 'grammar',
    text: `<thinking>
Both.
</thinking>
Both cities.
<function_calls>
<invoke name="get_weather">
<parameter name="city">Paris</parameter>
</invoke>
<invoke name="get_weather">
<parameter name="city">Rome</parameter>
</invoke>
</function_calls>
Wait.`,
    tools,
    reasoning: 'Both.',
    content: 'Both cities.\n\nWait.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'no arguments',
    from: 'vllm#44326',
    text: '<function_calls><invoke name="get_time"></invoke></function_calls>',
    tools,
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'values verbatim, types by schema',
    from: 'grammar, coercion',
    text: '<function_calls>\n<invoke name="set">\n<parameter name="text">\n&amp; 1\n</parameter>\n<parameter name="map">{"a": 1}</parameter>\n<parameter name="on">true</parameter>\n</invoke>\n</function_calls>',
    tools,
    calls: [{ name: 'set', arguments: '{"text":"\\n&amp; 1\\n","map":{"a": 1},"on":true}' }],
  },
  {
    what: 'a closer in a value is data where text follows it',
    from: 'grammar, value closers',
    text: '<function_calls>\n<invoke name="write_file">\n<parameter name="content">a </parameter> b </function_calls></parameter>\n</invoke>\n</function_calls>',
    tools,
    calls: [{ name: 'write_file', arguments: '{"content":"a </parameter> b </function_calls>"}' }],
  },
  {
    what: 'an unknown tool',
    from: 'smg#1728',
    text: '<function_calls>\n<invoke name="find">\n<parameter name="n">5</parameter>\n</invoke>\n</function_calls>',
    tools,
    calls: [{ name: 'find', arguments: '{"n":"5"}' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'faults, row 35',
    text: 'The tag <function_calls> holds <invoke name="x"> tags; `<function_calls>` is code.',
    tools,
    content: 'The tag <function_calls> holds <invoke name="x"> tags; `<function_calls>` is code.',
  },
  {
    what: 'an example in a fence, of a tool that is not declared',
    from: 'faults, row 35',
    text: '```\n<function_calls>\n<invoke name="example">\n</invoke>\n</function_calls>\n```\n',
    tools,
    content: '```\n<function_calls>\n<invoke name="example">\n</invoke>\n</function_calls>\n```\n',
  },
  {
    what: 'no tools are declared: text',
    from: 'grammar',
    text: '<function_calls>\n<invoke name="get_time">\n</invoke>\n</function_calls>',
    tools: [],
    content: '<function_calls>\n<invoke name="get_time">\n</invoke>\n</function_calls>',
  },
  {
    what: 'cut inside a value',
    from: 'cline#13001',
    text: 'So.\n<function_calls>\n<invoke name="write_file">\n<parameter name="content">half',
    how: 'length',
    tools,
    content: 'So.',
    calls: [{ name: 'write_file', arguments: '{"content":"half', state: 'incomplete' }],
  },
  {
    what: 'the model stopped after a whole value',
    from: 'grammar',
    text: '<function_calls>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n',
    tools,
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'cut inside the name',
    from: 'vllm#39757',
    text: 'So.\n<function_calls>\n<invoke name="get_we',
    how: 'cut',
    tools,
    content: 'So.',
  },
]
