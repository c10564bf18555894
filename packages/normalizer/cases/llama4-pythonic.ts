import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'a list between its markers',
    from: 'template of Llama 4',
    text: '<|python_start|>[get_weather(city="Paris", days=3)]<|python_end|>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'a bare list',
    from: 'template of Llama 4',
    text: '[get_weather(city="Paris"), get_time()]',
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'the closing marker is missing, the end of the turn leaks',
    from: 'grammar',
    text: '<|python_start|>[get_time()]<|eot_id|>',
    tools: [clock],
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'text before and after',
    from: 'grammar',
    text: 'Looking. <|python_start|>[get_time()]<|python_end|>Done.',
    tools: [clock],
    content: 'Looking. Done.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closers inside a string',
    from: 'grammar',
    text: `<|python_start|>[write_file(content='a)]<|python_end|> b')]<|python_end|>`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":"a)]<|python_end|> b"}' }],
  },
  {
    what: 'nested values',
    from: 'grammar',
    text: `<|python_start|>[probe(a={'b': [1, (2, None)]})]<|python_end|>`,
    tools: [weather],
    calls: [{ name: 'probe', arguments: '{"a":{"b":[1,[2,null]]}}' }],
  },
  {
    what: 'an unknown tool is forwarded, without declared tools too',
    from: 'smg#1728',
    tools: [],
    text: `<|python_start|>[get_tide(port='Brest')]<|python_end|>`,
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
  {
    what: 'code between the markers that is no list of calls is text',
    from: 'grammar',
    text: 'Run <|python_start|>print("hi")<|python_end|> now.',
    tools: [weather],
    content: 'Run <|python_start|>print("hi")<|python_end|> now.',
  },
  {
    what: 'quoted in inline code',
    from: 'decisions',
    text: 'Llama writes `<|python_start|>[NAME(k=1)]<|python_end|>` here.',
    tools: [weather],
    content: 'Llama writes `<|python_start|>[NAME(k=1)]<|python_end|>` here.',
  },
  {
    what: 'cut in a string',
    from: 'grammar',
    how: 'cut',
    text: '<|python_start|>[get_weather(city="Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
  },
]
