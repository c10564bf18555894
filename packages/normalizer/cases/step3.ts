import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'prefilled reasoning, then a call',
    from: 'template of Step-3',
    startsIn: 'reasoning',
    text: `I need the weather.
</think>
<｜tool_calls_begin｜>
<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_weather">
<steptml:parameter name="city">Paris</steptml:parameter>
<steptml:parameter name="days">3</steptml:parameter>
</steptml:invoke><｜tool_call_end｜>
<｜tool_calls_end｜>`,
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'the parameters of the second call are its own, a call without parameters is kept',
    from: 'sglang PR 34925',
    text: `<｜tool_calls_begin｜>\
<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_weather"><steptml:parameter name="city">Rome</steptml:parameter></steptml:invoke><｜tool_call_end｜>\
<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_time"></steptml:invoke><｜tool_call_end｜>\
<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_weather"><steptml:parameter name="city">Oslo</steptml:parameter></steptml:invoke><｜tool_call_end｜>\
<｜tool_calls_end｜>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ],
  },
  {
    what: 'values with < and with the closer of a value',
    from: 'markup loss in vLLM',
    text: `<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="write_file">\
<steptml:parameter name="content">if (a < b && c<d) </steptml:parameter> "x"</steptml:parameter>\
<steptml:parameter name="path">a.ts</steptml:parameter>\
</steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>`,
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        arguments: '{"content":"if (a < b && c<d) </steptml:parameter> \\"x\\"","path":"a.ts"}',
      },
    ],
  },
  {
    what: 'values typed by the schema',
    from: 'grammar',
    text: `<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="book">\
<steptml:parameter name="guests">[{"name": "Ada"}]</steptml:parameter>\
<steptml:parameter name="breakfast">True</steptml:parameter>\
<steptml:parameter name="coupon">null</steptml:parameter>\
<steptml:parameter name="other">7</steptml:parameter>\
</steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>`,
    tools: [booking],
    calls: [{ name: 'book', arguments: '{"guests":[{"name": "Ada"}],"breakfast":true,"coupon":null,"other":"7"}' }],
  },
  {
    what: 'text around the calls, an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: `Looking. <｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_tide">\
<steptml:parameter name="port">Brest</steptml:parameter></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>Done.`,
    content: 'Looking. Done.',
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'a call inside echoed, unclosed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>I need the time.\n<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_time"></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a value that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_weather"><steptml:parameter name="city">Par',
      tools: [weather],
      calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
    }),
  ),
  {
    what: 'markers in inline code are text',
    from: 'decisions',
    text: 'It writes `<｜tool_calls_begin｜>` and `<steptml:invoke name="NAME">`.',
    tools: [weather],
    content: 'It writes `<｜tool_calls_begin｜>` and `<steptml:invoke name="NAME">`.',
  },
]
