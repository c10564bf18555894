import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'a call, then text',
    from: 'template of LFM2',
    text: '<|tool_call_start|>[get_weather(city="Paris", days=3)]<|tool_call_end|>Checking the weather.',
    tools: [weather],
    content: 'Checking the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city":"Paris","days":3}' }],
  },
  {
    what: 'a list of JSON objects',
    from: 'grammar',
    text: '<|tool_call_start|>[{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}]<|tool_call_end|>',
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city": "Paris"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'several calls in one list and in two',
    from: 'grammar',
    text: `<|tool_call_start|>[get_weather(city='Rome'), get_time()]<|tool_call_end|>
<|tool_call_start|>[get_time()]<|tool_call_end|><|im_end|>`,
    tools: [weather, clock],
    calls: [
      { name: 'get_weather', arguments: '{"city":"Rome"}' },
      { name: 'get_time', arguments: '{}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'without declared tools, text before',
    from: 'grammar',
    tools: [],
    text: 'Looking.\n<|tool_call_start|>[get_time()]<|tool_call_end|>',
    content: 'Looking.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closers inside a string, nested values',
    from: 'grammar',
    text: `<|tool_call_start|>[write_file(content=")]<|tool_call_end|>", mode={'bits': [6, 4, 4]})]<|tool_call_end|>`,
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content":")]<|tool_call_end|>","mode":{"bits":[6,4,4]}}' }],
  },
  {
    what: 'reasoning, with a call inside it',
    from: 'grammar',
    text: '<think>\nI need the time.\n<|tool_call_start|>[get_time()]<|tool_call_end|>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'a bare list is text here',
    from: 'grammar',
    text: 'It is [get_time()] that tells.',
    tools: [clock],
    content: 'It is [get_time()] that tells.',
  },
  {
    what: 'neither list nor JSON after the opener',
    from: 'grammar',
    text: 'The token <|tool_call_start|> opens a call.',
    tools: [clock],
    content: 'The token <|tool_call_start|> opens a call.',
  },
  {
    what: 'cut in a string',
    from: 'grammar',
    how: 'length',
    text: '<|tool_call_start|>[get_weather(city="Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city":"Par', state: 'incomplete' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: `<|tool_call_start|>[get_tide(port='Brest')]<|tool_call_end|>`,
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port":"Brest"}' }],
  },
]
