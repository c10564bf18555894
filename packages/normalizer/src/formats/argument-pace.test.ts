import { describe, expect, test } from 'vitest'
import { weather, writer } from '../../cases/tools.ts'
import { addEvents, emptyAnswer } from '../answer.ts'
import type { MarkupFormat } from '../markup-format.ts'
import { createMarkupParser } from '../markup-machine.ts'
import { gemma4 } from './gemma4.ts'
import { harmony } from './harmony.ts'
import { kimiK3 } from './kimi-k3.ts'
import { minimaxM3 } from './minimax-m3.ts'
import { pythonic } from './pythonic.ts'

const ns = ']<]minimax[>['
const k3 = '<|open|>tools<|sep|><|open|>call tool="write_file" index="1"<|sep|><|open|>argument '
const harmonyCall = '<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>'

/** What was written so far, and which arguments must have been given out by then. Undefined: not even the call. */
const paces: readonly [format: MarkupFormat, written: string, given: string | undefined][] = [
  [pythonic, '[write_file', undefined],
  [pythonic, '[write_file(', undefined],
  [pythonic, '[write_file(path', undefined],
  [pythonic, '[write_file(path=', ''],
  [pythonic, "[write_file(path='a", '{"path":"a'],
  [pythonic, "[write_file(path='a\\", '{"path":"a'],
  [pythonic, "[write_file(path='a', mode=4", '{"path":"a"'],
  [pythonic, "[write_file(path='a', mode=420,", '{"path":"a","mode":420'],
  [pythonic, "[write_file(path='a', mode=[4, 2", '{"path":"a","mode":[4'],
  [pythonic, "[write_file(path='a')", '{"path":"a"}'],
  [gemma4, '<|tool_call>call:write_file', undefined],
  [gemma4, '<|tool_call>call:write_file{', '{'],
  [gemma4, '<|tool_call>call:write_file{path:<|"|>a', '{"path":"a'],
  [gemma4, '<|tool_call>call:write_file{path:<|"|>a<|', '{"path":"a'],
  [gemma4, '<|tool_call>call:write_file{mode:420', '{"mode":'],
  [gemma4, '<|tool_call>call:write_file{mode:420,', '{"mode":420'],
  [harmony, harmonyCall, ''],
  [harmony, `${harmonyCall}{"path": "a`, '{"path": "a'],
  [harmony, `${harmonyCall}{"path": "a"`, '{"path": "a"'],
  [kimiK3, k3, ''],
  [kimiK3, `${k3}key="path" type="string"<|sep|>`, '{"path":"'],
  [kimiK3, `${k3}key="path" type="string"<|sep|>a<|clo`, '{"path":"a'],
  [kimiK3, `${k3}key="mode" type="number"<|sep|>420`, ''],
  [kimiK3, `${k3}key="mode" type="number"<|sep|>420<|close|>argument<|sep|>`, '{"mode":420'],
  [minimaxM3, `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<path>a`, ''],
  // Another of the same name would make it a list.
  [minimaxM3, `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<path>a${ns}</path>`, ''],
  [minimaxM3, `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<path>a${ns}</path>${ns}<b>`, '{"path":"a"'],
  [minimaxM3, `${ns}<tool_call>${ns}<invoke name="write_file">${ns}<tags>a${ns}</tags>${ns}<tags>b`, '{"tags":["a"'],
]

describe.each(['in one piece', 'one character at a time'])('arguments are given out as early as can be, %s', (how) => {
  test.each(paces.map(([format, written, given]) => [format.name, written, format, given] as const))(
    '%s %s',
    (_, written, format, given) => {
      const parser = createMarkupParser({ format, tools: [weather, writer] })
      const answer = emptyAnswer()
      for (const piece of how === 'in one piece' ? [written] : written.split('')) addEvents(answer, parser.push(piece))
      expect(answer.calls[0]?.arguments).toBe(given)
    },
  )
})
