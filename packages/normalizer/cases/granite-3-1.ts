import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Granite 3.1',
    text: '<tool_call>[{"name": "get_weather", "arguments": {"city": "Paris"}}]',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'several calls, one without arguments, text before and behind the balanced list',
    from: 'grammar',
    text: 'Looking. <tool_call>[{"name": "get_weather", "arguments": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}] Done.',
    tools: [weather, clock],
    content: 'Looking.  Done.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'reasoning between sentences',
    from: 'template of Granite 3.2',
    text: 'Here is my thought process: The sky is blue.\n\nHere is my response: It is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'the other spelling of the sentences, on lines of their own',
    from: 'grammar',
    text: "Here's my thought process:\nThe sky is blue.\nHere's my response:\nIt is sunny.",
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'a call inside the thought process',
    from: 'grammar',
    text: 'Here is my thought process: I need the time.\n<tool_call>[{"name": "get_time", "arguments": {}}]',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the sentence in the middle of a line is text',
    from: 'grammar',
    text: 'I say: Here is my thought process: no.',
    content: 'I say: Here is my thought process: no.',
  },
  {
    what: 'brackets and the opener inside a string, nested values',
    from: 'grammar',
    text: '<tool_call>[{"name": "write_file", "arguments": {"content": "}]<tool_call>[", "mode": {"bits": [6, 4]}}}]',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "}]<tool_call>[", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<tool_call>[{"name": "get_tide", "arguments": {"port": "Brest"}}]',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'length',
    text: '<tool_call>[{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'grammar',
    text: 'Granite writes <tool_call> and a list, say `<tool_call>[...]`.',
    tools: [weather],
    content: 'Granite writes <tool_call> and a list, say `<tool_call>[...]`.',
  },
]
