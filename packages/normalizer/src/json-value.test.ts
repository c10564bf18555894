import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson } from './json-value.ts'
import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import {
  inPieces,
  isSubsequence,
  PushedValue,
  pieceLengths,
  readAtEveryCut,
  readPieces,
  type ValueOptions,
} from './test-value-laws.ts'

const create = (options: ValueOptions = {}) => new PushedValue(readJson, options)

/** The reading at every cut, and the repairs of the whole. */
function read(text: string) {
  const repairs: RepairKind[] = []
  const reading = readAtEveryCut(() => create(), text)
  readPieces(create({ repaired: (kind) => repairs.push(kind) }), [text])
  return { ...reading, repairs }
}

test.each([
  '{}',
  '[]',
  '""',
  'true',
  'null',
  '{"a":1,"a":2}',
  '{"b" : [1 , 2.50e+10,\n-0.0, 12345678901234567890123 ] , "a":{"":null}}',
  '["\\u00e9\\uD83D\\ude00\\"\\\\\\/\\b\\f\\n\\r\\t","é\u2028\u007f"]',
  '["\ud83d", "\ude00\ud83d", "//", "/*", "a\\\\", "\'", "<tool_call>", "}"]',
  '"\\u0000"',
])('valid JSON comes out byte for byte: %s', (text) => {
  expect(read(text)).toEqual({ text, taken: text.length, isDone: true, isInvalid: false, repairs: [] })
})

test.each<[RepairKind, string, string]>([
  ['control-character', '{"a":"x\ny\tz\u0000\u001f"}', '{"a":"x\\ny\\tz\\u0000\\u001f"}'],
  ['control-character', '{"a\n":1}', '{"a\\n":1}'],
  ['trailing-comma', '{"a":[1,2, ] ,\n}', '{"a":[1,2 ] \n}'],
  ['missing-comma', '{"a":1\n "b":2}', '{"a":1\n ,"b":2}'],
  ['missing-comma', '[{}\n{}\n"x"\n-1\ntrue]', '[{}\n,{}\n,"x"\n,-1\n,true]'],
  ['quotes', `{'a':'it\\'s "so"\\n\\"'}`, '{"a":"it\'s \\"so\\"\\n\\""}'],
  ['unquoted-key', '{a: 1, $b-1 :2,ключ:3, 4:5}', '{"a": 1, "$b-1" :2,"ключ":3, "4":5}'],
  ['literal', '[True,False, None,NaN,Infinity,-Infinity]', '[true,false, null,null,null,null]'],
  ['literal', 'None', 'null'],
  ['literal', '{"a":( 1 , (2),())}', '{"a":[ 1 , [2],[]]}'],
  ['number', '[+1, .5,-.5,1., +.5]', '[1, 0.5,-0.5,1.0, 0.5]'],
  ['comment', '{//a\n"a"/* ** "/ */:1/**/,//\n"b"://\n2}', '{\n"a":1,\n"b":\n2}'],
  ['comment', '/* first */ [1]', '[1]'],
  ['escape', '["\\x41 \\d \\u12g4 \\u \\\'"]', '["\\\\x41 \\\\d \\\\u12g4 \\\\u \\\\\'"]'],
  ['missing-closer', '{"a":[{"b":"c"', '{"a":[{"b":"c"}]}'],
])('%s: %s', (kind, broken, mended) => {
  const reading = read(broken)
  expect(reading).toEqual({ text: mended, taken: broken.length, isDone: true, isInvalid: false, repairs: [kind] })
  JSON.parse(mended)
})

test.each([
  [
    'a comma and a comment before a closer',
    '[1, // one\n 2, /* two */ ]',
    '[1, \n 2  ]',
    ['comment', 'trailing-comma'],
  ],
  ['a comma in the end', '{"a":[1, ', '{"a":[1 ]}', ['trailing-comma', 'missing-closer']],
  ['a comment in the end', '[1 // one', '[1 ]', ['comment', 'missing-closer']],
  ['a number in the end', '[-1.', '[-1.0]', ['number', 'missing-closer']],
])('several repairs at once: %s', (_, broken, mended, kinds) => {
  expect(read(broken)).toMatchObject({ text: mended, isDone: true, isInvalid: false, repairs: kinds })
})

test.each([
  ['words', '{"a": foo, "b": "}"} x', '{"a": foo, "b": "}"}'],
  ['half a word', '[tru]', '[tru]'],
  ['a word too long', '[nulls, [1]]]', '[nulls, [1]]'],
  ['half a word that would be replaced', '[Non]', '[Non]'],
  ['quotes in a string that are not escaped', '{"a": "he said "hi" to"} x', '{"a": "he said "hi" to"}'],
  ['two commas', '[1,,2]', '[1,,2]'],
  ['a comma first', '{,}', '{,}'],
  ['the wrong closer', '{"a":[1}}', '{"a":[1}}'],
  ['a colon in an array', '[1:2]', '[1:2]'],
  ['a key without a value', '{"a"}', '{"a"}'],
  ['a missing comma on the same line', '{"a":1 "b":2}', '{"a":1 "b":2}'],
  ['a missing comma, with a new line before', '{\n"a":1 "b":2}', '{\n"a":1 "b":2}'],
  ['leading zeros', '[01]', '[01]'],
  ['a lone sign', '[-]', '[-]'],
  ['a lone point', '[.]', '[.]'],
  ['a slash', '[1, /2]', '[1, /2]'],
  ['an escape behind it', '[x "\\"]" ]', '[x "\\"]" ]'],
])('what cannot be repaired comes out as it is, up to where it balances: %s', (_, text, taken) => {
  expect(read(text)).toEqual({ text: taken, taken: taken.length, isDone: true, isInvalid: true, repairs: [] })
})

test.each([
  ['12, 3', '12'],
  ['-1.5e3 x', '-1.5e3'],
  ['1.}', '1.0'],
  ['"a"b', '"a"'],
  ['{}}', '{}'],
  ['[]{}', '[]'],
])('the value ends before what cannot belong to it: %s', (text, out) => {
  expect(read(text)).toMatchObject({ text: out, isDone: true, isInvalid: false })
})

test.each([
  [',', ''],
  ['}', ''],
  ['hello world, x', 'hello world'],
  ['007, x', '007'],
  ['truex]', 'truex'],
  ['f({"a":1}) ]', 'f({"a":1}) '],
])('outside of brackets an invalid value ends before what ends a member: %s', (text, out) => {
  expect(read(text)).toMatchObject({ text: out, taken: out.length, isDone: true, isInvalid: true })
})

test('a value is done with its last bracket', () => {
  const value = create()
  expect(value.push('..{"a":[]} ', 2)).toBe(10)
  expect(value.isDone).toBe(true)
  expect(value.take()).toBe('{"a":[]}')
  expect(value.push('x', 0)).toBe(0)
  expect(value.end('stop')).toBe('')
})

test('a number is done only with what follows it, or in the end', () => {
  const value = create()
  value.push('12', 0)
  expect(value.isDone).toBe(false)
  expect(value.take()).toBe('12')
  expect(value.end('stop')).toBe('')
  expect(value.isDone).toBe(true)
})

test.each([
  '{',
  '[',
  '[{"a":[',
  '{"a',
  '{"a"',
  '{"a":',
  '{"a":"b',
  '{"a":-',
  '{"a":1e',
  '["\\',
  '["\\u12',
  '[tru',
  '',
  '{a',
  '[1 /',
])('what was not complete is not closed: %s', (text) => {
  for (const how of ['stop', 'length', 'cut'] as const) {
    expect(readAtEveryCut(() => create(), text, how)).toMatchObject({ isDone: false, isInvalid: false })
  }
})

test.each([
  ['[1, ', '[1'],
  ['{"a":"b"', '{"a":"b"'],
  ['["a\\u00', '["a'],
  ['[True, Fal', '[true'],
  ['[1, -', '[1'],
  ['[1, -2', '[1, -2'],
  ['[1, /**/ +2', '[1'],
])('after length and a cut nothing is closed: %s', (text, out) => {
  expect(readAtEveryCut(() => create(), text, 'length')).toMatchObject({ text: out, isDone: false })
  expect(readAtEveryCut(() => create(), text, 'cut')).toMatchObject({ text: out, isDone: false })
})

test('beyond the depth a value is invalid, comes out as it is and still ends', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  expect(readAtEveryCut(() => create({ maxDepth: 5 }), nested(5))).toMatchObject({ isDone: true, isInvalid: false })
  const text = `${nested(6)} x`
  expect(readAtEveryCut(() => create({ maxDepth: 5 }), text)).toEqual({
    text: nested(6),
    taken: 12,
    isDone: true,
    isInvalid: true,
  })
})

test('a million openers are read', () => {
  const reading = readPieces(create(), ['['.repeat(1e6), ']'.repeat(1e6)])
  expect(reading).toMatchObject({ taken: 2e6, isDone: true, isInvalid: true })
})

test('white space behind a comma is held up to the bound only', () => {
  const valid = `[1,${' '.repeat(20)}2]`
  expect(readAtEveryCut(() => create({ maxHeld: 8 }), valid)).toMatchObject({ text: valid, isInvalid: false })
  const trailing = `[1,${' '.repeat(7)}]`
  expect(readAtEveryCut(() => create({ maxHeld: 8 }), trailing)).toMatchObject({ text: '[1       ]', isInvalid: false })
  const beyond = `[1,${' '.repeat(8)}]`
  expect(readAtEveryCut(() => create({ maxHeld: 8 }), beyond)).toMatchObject({ text: beyond, isInvalid: true })
})

test('each kind of repair is reported once per value', () => {
  const repairs: RepairKind[] = []
  readPieces(create({ repaired: (kind) => repairs.push(kind) }), ['["\n\n\n", "\n", \'\', \'\']'])
  expect(repairs).toEqual(['control-character', 'quotes'])
})

describe('characters that may begin markup', () => {
  const places: [before: string, state: CallState | undefined][] = [
    ['', 'invalid'],
    ['{', 'invalid'],
    ['{"a', undefined],
    ["{'a", undefined],
    ['{"a"', 'invalid'],
    ['{a', 'invalid'],
    ['{"a":', 'invalid'],
    ['{"a":tr', 'invalid'],
    ['{"a":Tr', 'invalid'],
    ['{"a":-', 'invalid'],
    ['{"a":1', 'complete'],
    ['{"a":1.', 'complete'],
    ['{"a":1,', 'complete'],
    ['{"a":1 // x', 'complete'],
    ['{"a":1 /* x *', 'complete'],
    ['{"a":x', 'invalid'],
    ['{"a":x "', undefined],
    ['{"a":"\\', undefined],
    ['[1 2', 'invalid'],
  ]
  test.each(places)('behind %s a marker ends the value: %s', (before, state) => {
    const markers = ['</x>', '`']
    const whole = create({ markers })
    const text = `${before}</x> `
    expect(whole.push(text, 0)).toBe(state ? before.length : text.length)
    expect(whole.state).toBe(state)
    const written = whole.take()
    for (const pieces of [[before, '</x> '], [before, '</', 'x> '], text.split('')]) {
      expect(readPieces(create({ markers }), pieces, 'length')).toMatchObject({
        text: written,
        taken: state ? before.length : text.length,
      })
    }
  })

  test('what stands before them can still be closed', () => {
    const value = create({ markers: ['</x>'] })
    expect(value.push('{"a":[1, </x>', 0)).toBe(9)
    expect(value.take()).toBe('{"a":[1 ]}')
    expect(value.state).toBe('complete')
  })

  test('what only begins as one is no marker', () => {
    const text = '{"a": <b> /* < */ }'
    const value = create({ markers: ['</x>', '<b/>'] })
    expect(value.push(text, 0)).toBe(text.length)
    expect(value.take()).toBe(text)
    expect(value.state).toBe('invalid')
  })

  test('a comment may hold one', () => {
    const value = create({ markers: ['</x>'] })
    expect(value.push('[1/*</*/]', 0)).toBe(9)
    expect([value.take(), value.state]).toEqual(['[1]', 'complete'])
  })

  test('a token in a string ends the value only where the text ends in the string', () => {
    const markers = ['<|end|>', '<|begin|>']
    const read = (text: string, how: EndedHow = 'stop') =>
      readAtEveryCut(() => create({ markers, areTokens: true }), text, how)
    const closed = '{"a":"x<|end|>y<|begin|>z<|"}'
    expect(read(closed)).toEqual({ text: closed, taken: closed.length, isDone: true, isInvalid: false })
    const spelled = readAtEveryCut(() => create({ markers: ['<\\_end>'], areTokens: true }), '{"a":"<\\_end>"')
    expect(spelled).toMatchObject({ text: '{"a":"<\\\\_end>"}', isDone: true, isInvalid: false })
    for (const how of ['stop', 'length', 'cut'] as const) {
      expect(read('{"a":"x<|end|>y\\n<|end|>z\\', how)).toEqual({
        text: '{"a":"x<|end|>y\\n',
        taken: 17,
        isDone: false,
        isInvalid: false,
      })
    }
  })
})

const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/)
const inString = fc.stringMatching(/^([ !#-[\]-\uffff]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,12}$/)
const number = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,9})?([eE][+-]?\d{1,3})?$/)
const spaced = fc.tuple(space, space)
const { jsonText } = fc.letrec<{ jsonText: string }>((tie) => ({
  jsonText: fc
    .tuple(
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        inString.map((text) => `"${text}"`),
        number,
        fc.constantFrom('true', 'false', 'null'),
        fc.array(tie('jsonText'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(inString, spaced, tie('jsonText')), { maxLength: 4 })
          .map((members) => `{${members.map(([key, [a, b], value]) => `${a}"${key}"${b}:${value}`).join(',')}}`),
      ),
      spaced,
    )
    .map(([value, [before, after]]) => before + value + after),
}))

test('any valid JSON, cut anyhow, comes out byte for byte', () => {
  fc.assert(
    fc.property(jsonText, pieceLengths, (padded, lengths) => {
      JSON.parse(padded)
      const text = padded.replace(/^[ \n\r\t]+|[ \n\r\t]+$/g, '')
      const reading = readPieces(create(), inPieces(padded, lengths))
      expect(reading).toMatchObject({ text, isDone: true, isInvalid: false })
    }),
    { numRuns: 1000 },
  )
})

test('of valid JSON nothing is held but a comma, an escape or a sign', () => {
  fc.assert(
    fc.property(jsonText, (padded) => {
      const text = padded.replace(/^[ \n\r\t]+/, '')
      const value = create()
      let out = ''
      for (let at = 0; at < text.length; at++) {
        value.push(text.charAt(at), 0)
        out += value.take()
        if (value.isDone) break
        const arrived = text.slice(0, at + 1)
        expect(arrived.startsWith(out)).toBe(true)
        expect(arrived.slice(out.length)).toMatch(/^((,[ \n\r\t]*)?-?|\\(u[\da-fA-F]{0,3})?)$/)
      }
    }),
  )
})

const separators = fc.record({
  between: fc.constantFrom(',', ' , ', '\n', ',\n//, "\n', '/* ] */,'),
  last: fc.constantFrom('', ',', ', \n', ' // }\n', ',/*,*/ '),
})

/** Text with the defects that are repaired, beside what it means. */
const { sloppy } = fc.letrec<{ sloppy: [string, unknown] }>((tie) => ({
  sloppy: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<[string, unknown][]>(
      ['True', true],
      ['False', false],
      ['None', null],
      ['NaN', null],
      ['-Infinity', null],
      ['+1', 1],
      ['.5', 0.5],
      ['-7.', -7],
      ['null', null],
      ['-0.25', -0.25],
    ),
    fc.string({ unit: 'binary', maxLength: 8 }).map<[string, unknown]>((text) => [singleQuoted(text), text]),
    fc.string({ unit: 'binary', maxLength: 8 }).map<[string, unknown]>((text) => [carelesslyQuoted(text), text]),
    fc.tuple(fc.array(tie('sloppy'), { maxLength: 4 }), separators).map<[string, unknown]>(([items, marks]) => [
      `[${joined(
        items.map(([text]) => text),
        marks,
      )}]`,
      items.map(([, value]) => value),
    ]),
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_$][\w$-]{0,5}$/), tie('sloppy')), {
          selector: ([key]) => key,
          maxLength: 4,
        }),
        separators,
      )
      .map<[string, unknown]>(([members, marks]) => [
        `{${joined(
          members.map(([key, [text]]) => `${key} :${text}`),
          marks,
        )}}`,
        Object.fromEntries(members.map(([key, [, value]]) => [key, value])),
      ]),
  ),
}))
function joined(members: readonly string[], { between, last }: { between: string; last: string }): string {
  return members.length > 0 ? members.join(between) + last : ''
}

function singleQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

function carelesslyQuoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

test('any text with repairable defects, cut anyhow, gives the JSON that it means', () => {
  fc.assert(
    fc.property(sloppy, pieceLengths, ([text, meant], lengths) => {
      const whole = readPieces(create(), [text])
      expect(whole).toMatchObject({ isDone: true, isInvalid: false })
      expect(JSON.parse(whole.text)).toEqual(meant)
      expect(readPieces(create(), inPieces(text, lengths))).toEqual(whole)
    }),
    { numRuns: 1000 },
  )
})

const garbage = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'{}[]:,"\'\\/*-+.0123456789eEutfnTFNI \n\t<x'.split('')),
      fc.constantFrom(
        '{"a":',
        '"b"',
        'true',
        'None',
        'Infinity',
        '\\u00',
        '//',
        '/*',
        '*/',
        '\ud83d',
        '\u0000',
        '😀',
        ',\n}',
      ),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''))

test('any garbage reads the same however it is cut, and is JSON unless it says otherwise', () => {
  fc.assert(
    fc.property(garbage, pieceLengths, fc.constantFrom('stop', 'length', 'cut'), (text, lengths, how) => {
      const whole = readPieces(create({ maxDepth: 4 }), [text], how)
      expect(readPieces(create({ maxDepth: 4 }), inPieces(text, lengths), how)).toEqual(whole)
      if (whole.isDone && !whole.isInvalid) JSON.parse(whole.text)
    }),
    { numRuns: 5000 },
  )
})

test('garbage loses nothing but what a repair drops', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'{}[]:"\\0123456789eutfn x😀\ud83d'.split('')), maxLength: 40 })
  fc.assert(
    fc.property(plain, (text) => {
      const value = create()
      const end = value.push(text, 0)
      const out = value.take()
      // What is held is at most an escape that is not complete, or a word.
      const taken = text
        .slice(0, end)
        .trimStart()
        .replace(/(\\(u[\da-f]{0,3})?|[\da-z]+)$/i, '')
      expect(isSubsequence(taken, out)).toBe(true)
    }),
    { numRuns: 5000 },
  )
})
