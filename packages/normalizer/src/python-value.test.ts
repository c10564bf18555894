import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPython } from './python-value.ts'
import { inPieces, PushedValue, pieceLengths, readAtEveryCut, readPieces } from './test-value-laws.ts'

const create = (options: { maxDepth?: number; maxHeld?: number } = {}) =>
  new PushedValue((source, _, write) => readPython(source, write), options)
const read = (text: string) => readAtEveryCut(() => create(), text)

test.each([
  ['True', 'true'],
  ['[False, None, true, false, null, NaN, -Infinity]', '[false,null,true,false,null,null,null]'],
  [
    '[1, -2, +3, 1.5e3, .5, 1., 1_000, 0x1F, -0b11, 0o17, 12345678901234567890]',
    '[1,-2,3,1.5e3,0.5,1.0,1000,31,-3,15,12345678901234567890]',
  ],
  [`{'a': "b", "c": [1, {}], 3: [], None: ()}`, '{"a":"b","c":[1,{}],"3":[],"null":[]}'],
  ['(1, 2)', '[1,2]'],
  ['(1,)', '[1]'],
  ['(1)', '1'],
  ['[((1)), ((1,), (2)), ()]', '[1,[[1],2],[]]'],
  ['[1, 2,]', '[1,2]'],
  ['{"a": 1,\n}', '{"a":1}'],
  ['[1, # one, ]\n 2]', '[1,2]'],
  [`'it\\'s "so"'`, `"it's \\"so\\""`],
  [`"""a\n"b" ""c\\""""`, '"a\\n\\"b\\" \\"\\"c\\""'],
  [`'''it's'''`, `"it's"`],
  [`''`, '""'],
  [`""""""`, '""'],
  [`['', "", '''''']`, '["","",""]'],
  [String.raw`'a\n\t\\\x41\u00e9\U0001F389\101\0\a\v\d\q'`, String.raw`"a\n\t\\Aé🎉A\u0000\u0007\u000b\\d\\q"`],
  [String.raw`'\ud83d\ude00 \x4 \U00110000'`, String.raw`"\ud83d\ude00 \\x4 \\U00110000"`],
  ["'a\\\nb'", '"ab"'],
  ["'a\nb\u0000'", '"a\\nb\\u0000"'],
  [String.raw`r'\d\'' `, String.raw`"\\d\\'"`],
  [String.raw`r'\d' '\n'`, String.raw`"\\d\n"`],
  [`[b'x', Rb"y", f'{z}', u'w']`, '["x","y","{z}","w"]'],
  [`('a'\n "b"\n 'c')`, '"abc"'],
  [`['a' 'b', 'c']`, '["ab","c"]'],
])('%s means %s', (text, json) => {
  expect(read(`${text}, x`)).toEqual({ text: json, taken: text.length, isDone: true, isInvalid: false })
  expect(read(text)).toMatchObject({ text: json, isDone: true, isInvalid: false })
  JSON.parse(json)
})

test.each([')', ']', '}', ',', ' \n)'])('a value ends before what ends an argument: %j', (rest) => {
  expect(read(`'a'${rest}`)).toMatchObject({ text: '"a"', isDone: true, taken: 2 + rest.length })
})

test.each([
  ['datetime(2026, 1, 2), x', 'datetime(2026, 1, 2)'],
  ['{"at": datetime(2026, 1), "b": ")"}, x', '{"at":datetime(2026, 1), "b": ")"}'],
  ['1 + 2)', '1+ 2'],
  ['[1,] + 2)', '[1]+ 2'],
  ['"a" + f(\')\'))', `"a"+ f(')')`],
  ['{1, 2})', '{"1", 2}'],
  ['[1 2]', '[12]'],
  ['[1,,2]', '[1,,2]'],
  ['[1)]', '[1)'],
  ['{"a"}', '{"a"}'],
  ['{(1, 2): 3}', '{(1, 2): 3}'],
  ['x"y",', 'x"y"'],
  [',', ''],
])('what is no literal comes out as it is: %s', (text, out) => {
  expect(read(text)).toMatchObject({ text: out, isDone: true, isInvalid: true })
})

test.each([
  ['stop', '[1, {"a": 2, ', '[1,{"a":2}]', true],
  ['stop', '["a"', '["a"]', true],
  ['stop', '(1', '1', true],
  ['stop', '(1,', '[1]', true],
  ['stop', '[tru', '[', false],
  ['stop', '["a', '["a', false],
  ['stop', '[', '[', false],
  ['stop', '{"a":', '{"a":', false],
  ['length', '["a"', '["a"', false],
  ['length', '[1, 2', '[1', false],
  ['cut', '["a\\x4', '["a', false],
] as const)('the end by %s of %s', (how, text, out, isDone) => {
  expect(readAtEveryCut(() => create(), text, how)).toMatchObject({ text: out, isDone, isInvalid: false })
})

test('strings come as they arrive, words when they are complete', () => {
  const value = create()
  value.push(`{'a': 'b`, 0)
  expect(value.take()).toBe('{"a":"b')
  value.push("c', 1", 0)
  expect(value.take()).toBe('c"')
})

test('round brackets that group are held up to a bound', () => {
  const long = `('${'x'.repeat(20)}')`
  expect(readAtEveryCut(() => create({ maxHeld: 50 }), long)).toMatchObject({ text: `"${'x'.repeat(20)}"` })
  expect(readAtEveryCut(() => create({ maxHeld: 10 }), `(${long}, 1)`)).toMatchObject({
    text: `[["${'x'.repeat(20)}"],1]`,
  })
})

test('beyond the depth a value is invalid', () => {
  expect(readAtEveryCut(() => create({ maxDepth: 2 }), '[[([1])]], x')).toMatchObject({
    text: '[[([1])]]',
    isDone: true,
    isInvalid: true,
  })
  expect(readPieces(create(), ['('.repeat(1e5), ')'.repeat(1e5)])).toMatchObject({ isDone: true, isInvalid: true })
})

/** Python's text of a JSON value, with what it means. */
const { python } = fc.letrec<{ python: [string, unknown] }>((tie) => ({
  python: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<[string, unknown][]>(['True', true], ['False', false], ['None', null], ['-1_0', -10], ['.5', 0.5]),
    fc
      .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom("'", '"', "'''", '"""'))
      .map<[string, unknown]>(([text, quote]) => [
        quote + text.replace(/[\\'"]/g, '\\$&').replace(/\ud83d/g, '\\ud83d') + quote,
        text,
      ]),
    fc
      .tuple(fc.array(tie('python'), { maxLength: 4 }), fc.constantFrom(', ', ',\n', ' ,#,]\n'), fc.boolean())
      .map<[string, unknown]>(([items, comma, isTuple]) => [
        (isTuple ? '(' : '[') + items.map(([text]) => text + comma).join('') + (isTuple ? ')' : ']'),
        items.map(([, value]) => value),
      ]),
    fc
      .uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), tie('python')), { selector: ([key]) => key, maxLength: 4 })
      .map<[string, unknown]>((members) => [
        `{${members.map(([key, [text]]) => `${JSON.stringify(key)} :${text}`).join(', ')}}`,
        Object.fromEntries(members.map(([key, [, value]]) => [key, value])),
      ]),
  ),
}))

test('any literal, cut anyhow, gives the JSON that it means', () => {
  fc.assert(
    fc.property(python, pieceLengths, ([text, meant], lengths) => {
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
      fc.constantFrom(...`{}[]():,"'\\#-+._0123456789eE \n\tux`.split('')),
      fc.constantFrom('"a":', "'''", 'True', 'None', '\\u00', '\\x', '\\777', '\ud83d', '\u0000', '😀', "r'", '(1,'),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''))

test('any garbage reads the same however it is cut, and is JSON unless it says otherwise', () => {
  fc.assert(
    fc.property(garbage, pieceLengths, fc.constantFrom('stop', 'length', 'cut'), (text, lengths, how) => {
      const small = () => create({ maxDepth: 4, maxHeld: 6 })
      const whole = readPieces(small(), [text], how)
      expect(readPieces(small(), inPieces(text, lengths), how)).toEqual(whole)
      if (whole.isDone && !whole.isInvalid) JSON.parse(whole.text)
    }),
    { numRuns: 5000 },
  )
})
