import type { Case } from '../src/test-case.ts'
import { clock, weather, writer } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'prefilled reasoning up to the final response; the end of the turn leaks',
    from: 'template of Apriel 1.5',
    startsIn: 'reasoning',
    text: 'The sky is blue.\n[BEGIN FINAL RESPONSE]\nIt is sunny.\n[END FINAL RESPONSE]<|end|>',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'prefilled reasoning, echoed, no closer of the response',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'Here are my reasoning steps:\nThe sky is blue.\n[BEGIN FINAL RESPONSE]\nIt is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'the opener is written by the model',
    from: 'grammar',
    text: 'Here are my reasoning steps:\nThe sky is blue.\n[BEGIN FINAL RESPONSE]\nIt is sunny.\n[END FINAL RESPONSE]',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'calls with their own ids, equal ones too, one without arguments',
    from: 'template of Apriel 1.5',
    startsIn: 'reasoning',
    text: `I need both.
<tool_calls>[{"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call_1"},
{"name": "get_time", "arguments": {}, "id": "call_2"}, {"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call_3"}]</tool_calls>`,
    tools: [weather, clock],
    reasoning: 'I need both.',
    calls: [
      { name: 'get_weather', id: 'call_1', arguments: '{"city": "Rome"}' },
      { name: 'get_time', id: 'call_2', arguments: '{}' },
      { name: 'get_weather', id: 'call_3', arguments: '{"city": "Rome"}' },
    ],
  },
  {
    what: 'a call in the final response, behind text',
    from: 'grammar',
    startsIn: 'reasoning',
    text: 'Plan.\n[BEGIN FINAL RESPONSE]\nLooking.\n<tool_calls>[{"id": "a1", "name": "get_time", "arguments": {}}]</tool_calls>\n[END FINAL RESPONSE]',
    tools: [clock],
    reasoning: 'Plan.',
    content: 'Looking.',
    calls: [{ name: 'get_time', id: 'a1', arguments: '{}' }],
  },
  {
    what: 'the tags of older builds',
    from: 'grammar',
    text: '<thinking>The sky is blue.</thinking>\nIt is sunny.',
    reasoning: 'The sky is blue.',
    content: 'It is sunny.',
  },
  {
    what: 'the closer inside a string, nested values',
    from: 'grammar',
    text: '<tool_calls>[{"id": "a1", "name": "write_file", "arguments": {"content": "]</tool_calls>[BEGIN FINAL RESPONSE]", "mode": {"bits": [6, 4]}}}]</tool_calls>',
    tools: [writer],
    calls: [
      {
        name: 'write_file',
        id: 'a1',
        arguments: '{"content": "]</tool_calls>[BEGIN FINAL RESPONSE]", "mode": {"bits": [6, 4]}}',
      },
    ],
  },
  {
    what: 'an unknown tool is forwarded, text follows',
    from: 'smg#1728',
    text: '<tool_calls>[{"id": "a1", "name": "get_tide", "arguments": {"port": "Brest"}}]</tool_calls>\nDone.',
    tools: [weather],
    content: 'Done.',
    calls: [{ name: 'get_tide', id: 'a1', arguments: '{"port": "Brest"}' }],
  },
  {
    what: 'arguments that end in a string',
    from: 'grammar',
    how: 'length',
    text: '<tool_calls>[{"id": "a1", "name": "get_weather", "arguments": {"city": "Par',
    tools: [weather],
    calls: [{ name: 'get_weather', id: 'a1', arguments: '{"city": "Par', state: 'incomplete' }],
  },
  {
    what: 'the sentence in the middle of a line is text',
    from: 'grammar',
    text: 'I say "Here are my reasoning steps:" and <tool_calls> only.',
    tools: [weather],
    content: 'I say "Here are my reasoning steps:" and <tool_calls> only.',
  },
]
