import type { Case } from '../src/test-case.ts'
import { clock } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'reasoning and answer',
    from: 'template of K2-Think',
    text: '<think>\nHm.\n</think>\n<answer>\nIt is 4.\n</answer>',
    reasoning: 'Hm.',
    content: 'It is 4.',
  },
  {
    what: 'the opener was prefilled',
    from: 'wire of K2-Think',
    text: 'Hm.</think><answer>It is 4.</answer>',
    startsIn: 'reasoning',
    reasoning: 'Hm.',
    content: 'It is 4.',
  },
  {
    what: 'only the outermost pair of an answer is structure',
    from: 'grammar',
    text: '<think>Hm.</think><answer>Write <answer>4</answer> into the form.</answer>',
    reasoning: 'Hm.',
    content: 'Write <answer>4</answer> into the form.',
  },
  {
    what: 'an answer without tags',
    from: 'grammar',
    text: '<think>Hm.</think>It is 4.',
    reasoning: 'Hm.',
    content: 'It is 4.',
  },
  {
    what: 'an answer without an end',
    from: 'grammar',
    text: '<think>Hm.</think><answer>It is',
    how: 'length',
    reasoning: 'Hm.',
    content: 'It is',
  },
  {
    what: 'reasoning without an end stays reasoning',
    from: 'wire of K2-Think',
    text: '<think>Hm. An <answer> in here?',
    how: 'length',
    reasoning: 'Hm. An <answer> in here?',
  },
  {
    what: 'a call that was asked for by prompt, inside the answer',
    from: 'wire of K2-Think',
    text: '<think>Time is needed.</think><answer>\n```json\n{"tool_calls": [{"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]}\n```\n</answer>',
    tools: [clock],
    reasoning: 'Time is needed.',
    calls: [{ name: 'get_time', id: 'a', arguments: '{}' }],
  },
  {
    what: 'tags in code and in prose',
    from: 'faults, row 35',
    text: 'It writes <think>, then `<answer>`.',
    content: 'It writes <think>, then `<answer>`.',
  },
]
