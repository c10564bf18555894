import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of OLMo 3',
    text: '<function_calls>get_weather(city="Paris", days=3)</function_calls>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'a call on each line',
    from: 'template of OLMo 3',
    text: `<function_calls>
get_weather(city="Paris")
get_time()
get_weather(city="Rome")
</function_calls>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'prefilled reasoning, text, a call, text',
    from: 'template of OLMo 3 Think',
    startsIn: 'reasoning',
    text: 'I need the time.\n</think>\nLooking. <function_calls>get_time()</function_calls> Done.',
    tools: [clock],
    reasoning: 'I need the time.',
    content: 'Looking.  Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the prefilled opener is echoed, the call comes inside the reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>I need the time.\n<function_calls>\nget_time()\n</function_calls>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: `<function_calls>write_file(content="""a)
</function_calls>""", mode={'bits': (6, 4)})</function_calls>`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"a)\\n</function_calls>","mode":{"bits":[6,4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: `<function_calls>get_tide(port='Brest')</function_calls>`,
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'the closer is missing',
    from: 'grammar',
    text: '<function_calls>\nget_time()\n',
    tools: [clock],
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'cut in a string',
    from: 'grammar',
    how: 'cut',
    text: '<function_calls>get_weather(city="Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
  },
  {
    what: 'a mention without a call is text',
    from: 'grammar',
    text: 'OLMo puts <function_calls> around calls and </function_calls> behind them.',
    tools: [clock],
    content: 'OLMo puts <function_calls> around calls and </function_calls> behind them.',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: '<function_calls>get_time()</function_calls>',
    content: '<function_calls>get_time()</function_calls>',
  },
]
