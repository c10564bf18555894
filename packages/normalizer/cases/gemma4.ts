import type { Case } from '../src/test-case.ts'
import { booking, clock, dotted, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Gemma 4',
    text: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|>,days:3}<tool_call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'thinks, answers, calls',
    from: 'template of Gemma 4',
    text: `<|channel>thought
The city is Paris.
<channel|>I will look.<|tool_call>call:get_weather{city:<|"|>Paris<|"|>}<tool_call|>`,
    tools: [weather],
    reasoning: 'The city is Paris.',
    content: 'I will look.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'an empty thought, the end of the turn leaks',
    from: 'template of Gemma 4',
    text: '<|channel>thought\n<channel|>Sunny.<turn|>',
    content: 'Sunny.',
  },
  {
    what: 'thought prefilled',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The city is Paris.\n<channel|>Sunny.',
    reasoning: 'The city is Paris.',
    content: 'Sunny.',
  },
  {
    what: 'thought prefilled and echoed',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<|channel>thought\nThe city is Paris.\n<channel|>Sunny.',
    reasoning: 'The city is Paris.',
    content: 'Sunny.',
  },
  {
    what: 'a call inside a thought ends it',
    from: 'grammar',
    text: '<|channel>thought\nI need the time.\n<|tool_call>call:get_time{}<tool_call|>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'several calls, equal ones too, one without arguments',
    from: 'grammar',
    text: `<|tool_call>call:get_weather{city:<|"|>Rome<|"|>}<tool_call|><|tool_call>call:get_time{}<tool_call|>
<|tool_call>call:get_weather{city:<|"|>Rome<|"|>}<tool_call|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
    ],
  },
  {
    what: 'nested values, delimited keys, empty containers',
    from: 'grammar',
    text: `<|tool_call>call:book{guests:[{name:<|"|>Ada<|"|>,age:36},{name:<|"|>Bo<|"|>}],room:{floor:3,view:true},\
tags:[<|"|>sea<|"|>,<|"|>sun<|"|>],<|"|>best before<|"|>:null,nothing:[],none:{}}<tool_call|>`,
    tools: [booking],
    calls: [
      {
        name: 'book',
        arguments:
          '{"guests":[{"name":"Ada","age":36},{"name":"Bo"}],"room":{"floor":3,"view":true},"tags":["sea","sun"],"best before":null,"nothing":[],"none":{}}',
      },
    ],
  },
  {
    what: 'bare values: numbers as written, words of JSON, text',
    from: 'grammar',
    text: '<|tool_call>call:probe{a:1.50,b:-2e3,c:false,d:null,unit:celsius,e:two words,f:[x,1],id:12345678901234567890}<tool_call|>',
    tools: [weather],
    calls: [
      {
        name: 'probe',
        arguments:
          '{"a":1.50,"b":-2e3,"c":false,"d":null,"unit":"celsius","e":"two words","f":["x",1],"id":12345678901234567890}',
      },
    ],
  },
  {
    what: 'braces, brackets and commas inside strings',
    from: 'llama.cpp#21384, llama.cpp#21316',
    text: '<|tool_call>call:write_file{content:<|"|>echo {a, [b]}}<|"|>,path:<|"|>a:b<|"|>}<tool_call|>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"echo {a, [b]}}","path":"a:b"}' }],
  },
  {
    what: 'the closer of the call, quotes, line breaks and parts of the delimiter inside strings',
    from: 'grammar',
    text: '<|tool_call>call:write_file{content:<|"|>a }<tool_call|> <|tool_call>call:x{} <| "b"\\\n\t<|"<|"|>}<tool_call|>',
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        arguments: '{"content":"a }<tool_call|> <|tool_call>call:x{} <| \\"b\\"\\\\\\n\\t<|\\""}',
      },
    ],
  },
  {
    what: 'white space between the parts',
    from: 'grammar',
    text: '<|tool_call>call:get_weather{ city: <|"|> Paris <|"|>,\n days : 3 }<tool_call|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":" Paris ","days":3}' }],
  },
  {
    what: 'text before and after',
    from: 'grammar',
    text: 'Looking. <|tool_call>call:get_time{}<tool_call|>Done.',
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'a dotted name with a hyphen',
    from: 'grammar',
    text: '<|tool_call>call:files.read-all{path:<|"|>a<|"|>}<tool_call|>',
    tools: [dotted],
    calls: [{ name: 'files.read-all', arguments: '{"path":"a"}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: '<|tool_call>call:get_tide{port:<|"|>Brest<|"|>}<tool_call|>',
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  ...(['length', 'cut', 'stop'] as const).map(
    (how): Case => ({
      what: `a string that ends in the middle with ${how}`,
      from: 'grammar',
      how,
      text: '<|tool_call>call:write_file{path:<|"|>a.ts<|"|>,content:<|"|>let a = "b',
      tools: [writer],
      calls: [{ name: 'write_file', arguments: '{"path":"a.ts","content":"let a = \\"b', state: 'incomplete' }],
    }),
  ),
  {
    what: 'the last value is complete, the closers are missing, ended by itself',
    from: 'grammar',
    text: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'the closing marker is missing',
    from: 'grammar',
    text: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|>}',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
  {
    what: 'a name that is not complete is no call',
    from: 'grammar',
    how: 'length',
    text: 'Looking.<|tool_call>call:get_wea',
    tools: [weather],
    content: 'Looking.',
  },
  {
    what: 'no call behind the opener',
    from: 'grammar',
    text: 'The token <|tool_call>calls a tool, <|channel>talk and <|"|> do not.',
    tools: [weather],
    content: 'The token <|tool_call>calls a tool, <|channel>talk and <|"|> do not.',
  },
  {
    what: 'a call of no declared tool quoted in inline code',
    from: 'decisions',
    text: 'Gemma writes `<|tool_call>call:NAME{}<tool_call|>` for it.',
    tools: [weather],
    content: 'Gemma writes `<|tool_call>call:NAME{}<tool_call|>` for it.',
  },
  {
    what: 'the last value is complete, cut by the token limit',
    from: 'grammar',
    how: 'length',
    text: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"', state: 'incomplete' }],
  },
  {
    what: 'the brace is missing before the closing marker',
    from: 'grammar',
    text: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|><tool_call|>Done.',
    tools: [weather],
    content: 'Done.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }],
  },
]
