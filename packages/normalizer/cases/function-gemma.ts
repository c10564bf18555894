import type { Case } from '../src/test-case.ts'
import { booking, clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of FunctionGemma',
    text: '<start_function_call>call:get_weather{city:<escape>Paris<escape>,days:3}<end_function_call>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'several calls, equal ones too, one without arguments',
    from: 'grammar',
    text: `<start_function_call>call:get_weather{city:<escape>Rome<escape>}<end_function_call>\
<start_function_call>call:get_time{}<end_function_call>
<start_function_call>call:get_weather{city:<escape>Rome<escape>}<end_function_call>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'text before and after',
    from: 'grammar',
    text: 'Looking. <start_function_call>call:get_time{}<end_function_call> Done.',
    tools: [clock],
    content: 'Looking.  Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'nested values',
    from: 'grammar',
    text: `<start_function_call>call:book{guests:[{name:<escape>Ada<escape>,age:36}],room:{view:true},\
tags:[<escape>sea<escape>],coupon:null}<end_function_call>`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments: '{"guests":[{"name":"Ada","age":36}],"room":{"view":true},"tags":["sea"],"coupon":null}',
      },
    ],
  },
  {
    what: 'bare values: numbers as written, words of JSON, text',
    from: 'grammar',
    text: '<start_function_call>call:probe{a:1.50,b:true,unit:celsius,e:two words}<end_function_call>',
    tools: [weather],
    calls: [{ name: 'probe', arguments: '{"a":1.50,"b":true,"unit":"celsius","e":"two words"}' }],
  },
  {
    what: 'the closer of the call, quotes and parts of the delimiter inside strings',
    from: 'grammar',
    text: '<start_function_call>call:write_file{content:<escape>a }<end_function_call> "b" {c,d} <escap<escape>}<end_function_call>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"a }<end_function_call> \\"b\\" {c,d} <escap"}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: '<start_function_call>call:get_tide{port:<escape>Brest<escape>}<end_function_call>',
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a string that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: '<start_function_call>call:write_file{content:<escape>let a',
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"content":"let a', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the closers are missing, ended by itself',
    from: 'grammar',
    text: '<start_function_call>call:get_weather{city:<escape>Paris<escape>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'no call behind the opener',
    from: 'grammar',
    text: 'The tag <start_function_call> opens, <end_function_call> closes.',
    tools: [weather],
    content: 'The tag <start_function_call> opens, <end_function_call> closes.',
  },
  {
    what: 'a call of no declared tool quoted in a fence',
    from: 'decisions',
    text: '```\n<start_function_call>call:NAME{}<end_function_call>\n```',
    tools: [weather],
    content: '```\n<start_function_call>call:NAME{}<end_function_call>\n```',
  },
  {
    what: 'a string cut in the middle of its closing delimiter',
    from: 'grammar',
    how: 'length',
    text: '<start_function_call>call:write_file{content:<escape>let a<esc',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"let a<esc', state: 'incomplete' }],
  },
]
