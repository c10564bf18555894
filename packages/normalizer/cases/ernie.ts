import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'prefilled reasoning, a wrapped response',
    from: 'template of ERNIE 4.5 Thinking',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n</think>\n\n<response>\nIt is sunny.\n</response>\n',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'prefilled reasoning, plain text',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n</think>\n\nIt is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'prefilled reasoning, a call',
    from: 'template of ERNIE 4.5 Thinking',
    startsIn: 'reasoning',
    text: 'I need the weather.\n</think>\n\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\n',
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'a response, then several calls, one without arguments',
    from: 'grammar',
    text: `<response>
Looking.
</response>
<tool_call>
{"name": "get_weather", "arguments": {"city": "Rome"}}
</tool_call>
<tool_call>
{"name": "get_time", "arguments": {}}
</tool_call>`,
    tools: [weather, clock],
    content: 'Looking.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'a call inside echoed, unclosed reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>\nI need the time.\n<tool_call>{"name": "get_time", "arguments": {}}</tool_call>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<tool_call>{"name": "write_file", "arguments": {"content": "</tool_call></response>", "mode": {"bits": [6, 4]}}}</tool_call>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "</tool_call></response>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded',
    from: 'smg#1728',
    text: '<tool_call>{"name": "get_tide", "arguments": {"port": "Brest"}}</tool_call>',
    tools: [weather],
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'cut',
    text: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'mentions that commit to nothing',
    from: 'grammar',
    text: 'ERNIE writes <tool_call> and `<response>`.',
    tools: [weather],
    content: 'ERNIE writes <tool_call> and `<response>`.',
  },
]
