import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'reasoning, then a call',
    from: 'template of Nemotron Nano v2',
    text: '<think>\nI need the weather.\n</think>\n\n<TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Paris"}}]</TOOLCALL>',
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, one without arguments, text around them',
    from: 'grammar',
    text: 'Looking. <TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}]</TOOLCALL>Done.',
    tools: [weather, clock],
    content: 'Looking. Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'an empty think block and an answer',
    from: 'template of Llama-Nemotron',
    text: '<think>\n</think>\n\nIt is sunny.',
    content: 'It is sunny.',
  },
  {
    what: 'a call inside prefilled, echoed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>\nI need the time.\n<TOOLCALL> [{"name": "get_time", "arguments": {}}] </TOOLCALL>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<TOOLCALL>[{"name": "write_file", "arguments": {"content": "}]</TOOLCALL>", "mode": {"bits": [6, 4]}}}]</TOOLCALL>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}]</TOOLCALL>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<TOOLCALL>[{"name": "get_tide", "arguments": {"port": "Brest"}}]</TOOLCALL>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'the last value is complete, the closers are missing, ended by itself',
    from: 'grammar',
    text: '<TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Paris"',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'length',
    text: '<TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'grammar',
    text: 'Nemotron writes <TOOLCALL> around a list and </TOOLCALL> behind it.',
    tools: [weather],
    content: 'Nemotron writes <TOOLCALL> around a list and </TOOLCALL> behind it.',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: '<TOOLCALL>[{"name": "get_time", "arguments": {}}]</TOOLCALL>',
    content: '<TOOLCALL>[{"name": "get_time", "arguments": {}}]</TOOLCALL>',
  },
]
