import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'think and answer wrapped',
    from: 'template of Hunyuan-A13B',
    text: '<think>\nThe sky is blue.\n</think>\n<answer>\nIt is sunny.\n</answer>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'an empty think block',
    from: 'template of Hunyuan-A13B',
    text: '<think>\n\n</think>\n<answer>\nIt is sunny.\n</answer>',
    content: 'It is sunny.',
  },
  {
    what: 'a call behind the thinking',
    from: 'template of Hunyuan-A13B',
    text: '<think>\nI need the weather.\n</think>\n<tool_calls>[{"name": "get_weather", "arguments": {"city": "Paris"}}]</tool_calls>',
    tools: [weather],
    reasoning: 'I need the weather.',
    calls: [{ name: 'get_weather', arguments: '{"city": "Paris"}' }],
  },
  {
    what: 'calls inside the answer, behind text',
    from: 'grammar',
    text: `<think>Plan.</think><answer>
Looking. <tool_calls>[{"name": "get_weather", "arguments": {"city": "Rome"}}, {"name": "get_time", "arguments": {}}]</tool_calls>
</answer>`,
    tools: [weather, clock],
    reasoning: 'Plan.',
    content: 'Looking.',
    calls: [
      { name: 'get_weather', arguments: '{"city": "Rome"}' },
      { name: 'get_time', arguments: '{}' },
    ],
  },
  {
    what: 'thinking prefilled',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n</think>\n<answer>\nIt is sunny.\n</answer>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'thinking prefilled and echoed, the call comes inside it',
    from: 'grammar',
    startsIn: 'reasoning',
    text: '<think>\nI need the time.\n<tool_calls>[{"name": "get_time", "arguments": {}}]</tool_calls>',
    tools: [clock],
    reasoning: 'I need the time.',
    calls: [{ name: 'get_time', arguments: '{}' }],
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<tool_calls>[{"name": "write_file", "arguments": {"content": "]</tool_calls>", "mode": {"bits": [6, 4]}}}]</tool_calls>',
    tools: [writer],
    calls: [{ name: 'write_file', arguments: '{"content": "]</tool_calls>", "mode": {"bits": [6, 4]}}' }],
  },
  {
    what: 'an unknown tool is forwarded, text follows',
    from: 'smg#1728',
    text: '<tool_calls>[{"name": "get_tide", "arguments": {"port": "Brest"}}]</tool_calls>\nDone.',
    tools: [weather],
    content: 'Done.',
    calls: [{ name: 'get_tide', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'length',
    text: '<tool_calls>[{"name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'mentions that commit to nothing',
    from: 'grammar',
    text: 'It writes <tool_calls> around a list, and `<answer>` around the answer.',
    tools: [weather],
    content: 'It writes <tool_calls> around a list, and `<answer>` around the answer.',
  },
  {
    what: 'without declared tools nothing is a call',
    from: 'grammar',
    tools: [],
    text: '<tool_calls>[{"name": "get_time", "arguments": {}}]</tool_calls>',
    content: '<tool_calls>[{"name": "get_time", "arguments": {}}]</tool_calls>',
  },
]
