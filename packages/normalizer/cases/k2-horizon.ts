import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'reasoning, then a call as JSON',
    from: 'template of K2 Horizon',
    text: `<ifm|think>I need the weather.</ifm|think><ifm|tool_calls>
<ifm|tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}</ifm|tool_call>
</ifm|tool_calls>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a call as pairs, with and without types',
    from: 'grammar',
    text: `<ifm|tool_calls><ifm|tool_call>get_weather
<ifm|arg_key>city</ifm|arg_key>
<ifm|arg_type>string</ifm|arg_type>
<ifm|arg_value>75001</ifm|arg_value>
<ifm|arg_key>days</ifm|arg_key>
<ifm|arg_value>3</ifm|arg_value>
</ifm|tool_call></ifm|tool_calls>`,
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"75001","days":3}' }],
  },
  {
    what: 'several calls, one without arguments, text around them',
    from: 'grammar',
    text: `Looking. <ifm|tool_calls><ifm|tool_call>{"name": "get_weather", "arguments": {"city": "Rome"}}</ifm|tool_call>\
<ifm|tool_call>{"name": "get_time", "arguments": {}}</ifm|tool_call><ifm|tool_call>get_time</ifm|tool_call></ifm|tool_calls>Done.`,
    tools: [weather, clock],
    content: 'Looking. Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  ...(['think_fast', 'think_faster'] as const).map(
    (tag): Case => ({
      what: `the reasoning tag ${tag}, prefilled`,
      from: 'grammar',
      startsIn: 'reasoning',
      text: `The sky is blue.</ifm|${tag}>\n\nIt is sunny.`,
      reasoning: 'The sky is blue.',
      content: 'It is sunny.',
    }),
  ),
  {
    what: 'a call inside echoed, unclosed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<ifm|think_fast>I need the time.\n<ifm|tool_calls><ifm|tool_call>{"name": "get_time", "arguments": {}}</ifm|tool_call></ifm|tool_calls>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'values typed by the schema, a value closer inside a value',
    from: 'grammar',
    text: `<ifm|tool_calls><ifm|tool_call>book
<ifm|arg_key>guests</ifm|arg_key><ifm|arg_value>[{"name": "Ada"}]</ifm|arg_value>
<ifm|arg_key>coupon</ifm|arg_key><ifm|arg_value>null</ifm|arg_value>
<ifm|arg_key>other</ifm|arg_key><ifm|arg_value> a </ifm|arg_value> b</ifm|arg_value>
</ifm|tool_call></ifm|tool_calls>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"guests":[{"name": "Ada"}],"coupon":null,"other":" a </ifm|arg_value> b"}' }],
  },
  {
    what: 'the closer inside a string of JSON, nested values',
    from: 'grammar',
    text: '<ifm|tool_calls><ifm|tool_call>{"name": "write_file", "arguments": {"content": "</ifm|tool_call>", "mode": {"bits": [6, 4]}}}</ifm|tool_call></ifm|tool_calls>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "</ifm|tool_call>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<ifm|tool_calls><ifm|tool_call>{"name": "get_tide", "arguments": {"port": "Brest"}}</ifm|tool_call></ifm|tool_calls>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `arguments that end in a string with ${how}`,
      from: 'grammar',
      how,
      text: '<ifm|tool_calls><ifm|tool_call>{"name": "get_weather", "arguments": {"city": "Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'markers in inline code are text',
    from: 'decisions',
    text: 'It writes `<ifm|tool_calls>` and `<ifm|think>`.',
    tools: [weather],
    content: 'It writes `<ifm|tool_calls>` and `<ifm|think>`.',
  },
]
