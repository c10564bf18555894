import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Hunyuan V3',
    text: `<think>I need the weather.</think><tool_calls>
<tool_call>get_weather<tool_sep>
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
<arg_key>days</arg_key>
<arg_value>3</arg_value>
</tool_call>
</tool_calls>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'every tag with the suffix of the sibling model',
    from: 'grammar',
    text: `<think:opensource>I need the weather.</think:opensource><tool_calls:opensource>
<tool_call:opensource>get_weather<tool_sep:opensource>
<arg_key:opensource>city</arg_key:opensource>
<arg_value:opensource>Paris</arg_value:opensource>
</tool_call:opensource>
</tool_calls:opensource>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'several calls on one line, one without arguments, text around them',
    from: 'grammar',
    text: `Looking. <tool_calls><tool_call>get_weather<tool_sep><arg_key>city</arg_key><arg_value>Rome</arg_value></tool_call>\
<tool_call>get_time<tool_sep></tool_call></tool_calls>Done.`,
    tools: [weather, clock],
    content: 'Looking. Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'values typed by the schema',
    from: 'grammar',
    text: `<tool_calls><tool_call>book<tool_sep>\
<arg_key>guests</arg_key><arg_value>[{"name": "Ada"}]</arg_value>\
<arg_key>price</arg_key><arg_value>1.50</arg_value>\
<arg_key>breakfast</arg_key><arg_value>True</arg_value>\
<arg_key>coupon</arg_key><arg_value>null</arg_value>\
<arg_key>other</arg_key><arg_value>7</arg_value></tool_call></tool_calls>`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments: '{"guests":[{"name": "Ada"}],"price":1.50,"breakfast":true,"coupon":null,"other":"7"}',
      },
    ],
  },
  {
    what: 'a value closer inside a value, white space of the value',
    from: 'grammar',
    text: `<tool_calls><tool_call>write_file<tool_sep><arg_key>content</arg_key><arg_value>
  a </arg_value> b
</arg_value></tool_call></tool_calls>`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"\\n  a </arg_value> b\\n"}' }],
  },
  {
    what: 'a call inside prefilled reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'I need the time.\n<tool_calls><tool_call>get_time<tool_sep></tool_call></tool_calls>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<tool_calls><tool_call>get_tide<tool_sep><arg_key>depth</arg_key><arg_value>12</arg_value></tool_call></tool_calls>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"depth":"12"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a value that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: '<tool_calls><tool_call>get_weather<tool_sep><arg_key>city</arg_key><arg_value>Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'mentions that commit to nothing',
    from: 'grammar',
    text: 'It writes <tool_calls> and <tool_call> and <tool_sep>.',
    tools: [weather],
    content: 'It writes <tool_calls> and <tool_call> and <tool_sep>.',
  },
]
