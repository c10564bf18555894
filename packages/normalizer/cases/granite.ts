import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'one call',
    from: 'template of Granite 4',
    text: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'text, then several calls, one without arguments, then text',
    from: 'grammar',
    text: `Looking.
<tool_call>
{"name": "get_weather", "arguments": {"city": "Rome"}}
</tool_call>
<tool_call>
{"name": "get_time", "arguments": {}}
</tool_call>
Done.`,
    tools: [weather, clock],
    content: 'Looking.\n\nDone.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'think and response wrapped',
    from: 'template of Granite 3.3',
    text: '<think>The sky is blue.</think><response>It is sunny.</response>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'think and response wrapped, on lines of their own, the opener prefilled',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n</think>\n<response>\nIt is sunny.\n</response>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'the prefilled opener is echoed, the call comes inside the reasoning',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>I need the time.\n<tool_call>{"name": "get_time", "arguments": {}}</tool_call>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<tool_call>{"name": "write_file", "arguments": {"content": "</tool_call>}", "mode": {"bits": [6, 4]}}}</tool_call>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "</tool_call>}", "mode": {"bits": [6, 4]}}' }],
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
    how: 'length',
    text: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'a mention that commits to nothing',
    from: 'grammar',
    text: 'Granite writes <tool_call> and `<response>` around things.',
    tools: [weather],
    content: 'Granite writes <tool_call> and `<response>` around things.',
  },
]
