import type { Case } from '../src/test-case.ts'
import { weather } from './tools.ts'

export const cases: readonly Case[] = [
  {
    what: 'reasoning, then an answer',
    from: 'template of Kimi-VL-A3B-Thinking',
    text: '◁think▷\nA cat on a mat.\n◁/think▷\n\nIt shows a cat.',
    reasoning: 'A cat on a mat.',
    content: 'It shows a cat.',
  },
  {
    what: 'the opener was prefilled',
    from: 'grammar',
    text: 'A cat on a mat.◁/think▷It shows a cat.',
    startsIn: 'reasoning',
    reasoning: 'A cat on a mat.',
    content: 'It shows a cat.',
  },
  {
    what: 'the prefilled opener is echoed',
    from: 'grammar',
    text: '◁think▷A cat on a mat.◁/think▷It shows a cat.',
    startsIn: 'reasoning',
    reasoning: 'A cat on a mat.',
    content: 'It shows a cat.',
  },
  {
    what: 'the start is left open',
    from: 'grammar',
    text: 'A cat on a mat.◁/think▷It shows a cat.',
    startsIn: 'auto',
    reasoning: 'A cat on a mat.',
    content: 'It shows a cat.',
  },
  {
    what: 'reasoning without an end',
    from: 'grammar',
    text: '◁think▷A cat on a',
    how: 'length',
    reasoning: 'A cat on a',
  },
  {
    what: 'an empty block adds nothing',
    from: 'vercel/ai#12054',
    text: '◁think▷A cat.◁/think▷◁think▷◁/think▷It shows a cat.',
    reasoning: 'A cat.',
    content: 'It shows a cat.',
  },
  {
    what: 'a token that cannot be prose opens in the middle of a line too',
    from: 'grammar',
    text: 'Wait. ◁think▷A cat.◁/think▷It is a cat.',
    reasoning: 'A cat.',
    content: 'Wait. It is a cat.',
  },
  {
    what: 'parts of the tokens are text',
    from: 'grammar',
    text: 'a ◁ b ◁think c ◁/thin',
    content: 'a ◁ b ◁think c ◁/thin',
  },
  {
    what: 'tool markup of others is text',
    from: 'grammar',
    text: '<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Paris"}<|tool_call_end|>',
    tools: [weather],
    content: '<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Paris"}<|tool_call_end|>',
  },
  {
    what: 'the tokens in inline code are text',
    from: 'faults, row 35',
    text: 'It thinks between `◁think▷` and `◁/think▷`.',
    content: 'It thinks between `◁think▷` and `◁/think▷`.',
  },
]
