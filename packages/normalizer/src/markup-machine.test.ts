import { describe, expect, test } from 'vitest'
import { readAnswer } from './answer.ts'
import { hermes } from './formats/hermes.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import type { Repair } from './markup-event.ts'
import type { MarkupFormat, Reader } from './markup-format.ts'
import { createMarkupParser } from './markup-machine.ts'
import { everyCut } from './text-cuts.ts'
import type { ToolDefinition } from './tool.ts'

const begin = '<|tool_call_begin|>'
const argumentBegin = '<|tool_call_argument_begin|>'
const end = '<|tool_call_end|>'

describe('a token that ends calls stands in a string', () => {
  const read = (text: string) => {
    const whole = readAnswer({ format: kimiK2 }, [text])
    for (const pieces of everyCut(text)) expect(readAnswer({ format: kimiK2 }, pieces)).toEqual(whole)
    expect(readAnswer({ format: kimiK2 }, text.split(''))).toEqual(whole)
    return whole
  }

  test('if the string is closed, the token is data', () => {
    const { content, calls } = read(
      `${begin}functions.f:0${argumentBegin}{"a": "x${end} y${end} \\" z", "b": 1}${end}So.`,
    )
    expect(calls[0]).toMatchObject({ arguments: `{"a": "x${end} y${end} \\" z", "b": 1}`, state: 'complete' })
    expect(content).toBe('So.')
  })

  test('if it never is, the last token ends the call, and what follows is content', () => {
    const { content, calls } = read(`${begin}functions.f:0${argumentBegin}{"a": "x${end} y${end} So.`)
    expect(calls[0]).toMatchObject({ arguments: `{"a": "x${end} y`, state: 'incomplete' })
    expect(content).toBe('So.')
  })
})

test('no more is held than may become markup here', () => {
  const parser = createMarkupParser({ format: hermes })
  // An opener of reasoning counts at the start of a line only.
  expect(parser.push('One <thi')).toEqual([{ type: 'content', text: 'One <thi' }])
  expect(parser.push('ng> two\n<thi')).toEqual([{ type: 'content', text: 'ng> two' }])
  expect(parser.push('s>')).toEqual([{ type: 'content', text: '\n<this>' }])
  expect(parser.push(' <tool_call')).toEqual([])
  expect(parser.push('>s')).toEqual([{ type: 'content', text: ' <tool_call>s' }])
  expect(parser.end('stop')).toEqual([])
})

test('of equal ids the second is replaced', () => {
  const call = `${begin}functions.f:0${argumentBegin}{}${end}`
  const { calls } = readAnswer({ format: kimiK2 }, [call + call])
  expect(calls.map(({ id }) => id)).toEqual(['functions.f:0', 'new-1'])
})

test('ids that are made are new ones of 24 characters', () => {
  const parser = createMarkupParser({ format: hermes })
  const events = parser.push('<tool_call>{"name": "f"}{"name": "f"}</tool_call>')
  const ids = events.flatMap((event) => (event.type === 'tool-call' ? [event.id] : []))
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect(id).toMatch(/^call_[0-9A-Za-z]{24}$/)
})

test('repairs say what and in which call, and nothing of the answer', () => {
  const repairs: Repair[] = []
  const text = `(no content)${begin}functions.f:0${argumentBegin}{'a': None,}}${end}`
  readAnswer({ format: kimiK2, onRepair: (repair) => repairs.push(repair) }, [text])
  expect(repairs).toEqual([
    { kind: 'filler' },
    { kind: 'quotes', index: 0 },
    { kind: 'literal', index: 0 },
    { kind: 'trailing-comma', index: 0 },
    { kind: 'surplus-closer', index: 0 },
  ])
})

test('after reset a parser is as new', () => {
  const parser = createMarkupParser({ format: kimiK2, startsIn: 'reasoning', newId: () => 'id' })
  const first = [...parser.push(`Hm.</think>So. ${begin}functions.f:0${argumentBegin}{"a": "`)]
  parser.reset()
  expect(parser.push(`Hm.</think>So. ${begin}functions.f:0${argumentBegin}{"a": "`)).toEqual(first)
})

test.each<[string, Reader]>([
  [
    'waits after the end of the text',
    function* (): Generator<undefined, boolean, undefined> {
      for (;;) yield
    },
  ],
  [
    'goes back to its opener',
    // biome-ignore lint/correctness/useYield: it decides at once
    function* ({ cursor }, opener) {
      cursor.at -= opener.length
      return false
    },
  ],
])('a reader that %s loses nothing', (_, read) => {
  const format: MarkupFormat = { name: 'own', openers: [{ text: '<x>', read }] }
  expect(readAnswer({ format }, ['a <x> b <x> c']).content).toBe('a <x> b <x> c')
  expect(readAnswer({ format }, 'a <x> b <x> c'.split('')).content).toBe('a <x> b <x> c')
})

test('with what is no list of tools nothing throws', () => {
  const tools = [null, 3, { type: 'function' }, { type: 'function', function: { name: '__proto__', parameters: 7 } }]
  const options = { format: hermes, tools: tools as ToolDefinition[] }
  const { calls } = readAnswer(options, ['<tool_call>{"name": "__proto__", "arguments": {"__proto__": 1}}</tool_call>'])
  expect(calls).toMatchObject([{ name: '__proto__', arguments: '{"__proto__": 1}' }])
})
