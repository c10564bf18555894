import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gemmaReader } from './gemma-value.ts'
import {
  inPieces,
  PushedValue,
  pieceLengths,
  readAtEveryCut,
  readPieces,
  type ValueOptions,
} from './test-value-laws.ts'

describe.each(['<|"|>', '<escape>'])('with strings in %s', (delimiter) => {
  const create = (options: ValueOptions = {}) => new PushedValue(gemmaReader(delimiter), options)
  const read = (text: string) => readAtEveryCut(() => create(), text.replaceAll('|', delimiter))

  test.each([
    ['{}', '{}'],
    ['{city:|Paris|,days:3}', '{"city":"Paris","days":3}'],
    ['{ a : | x | ,\n b : [ 1 , two words , | | ] }', '{"a":" x ","b":[1,"two words"," "]}'],
    ['{|best before|:null,a:{b:[],c:{}}}', '{"best before":null,"a":{"b":[],"c":{}}}'],
    [
      '{a:1.50,b:-2e3,c:true,d:12345678901234567890,e:+1,f:1.2.3}',
      '{"a":1.50,"b":-2e3,"c":true,"d":12345678901234567890,"e":1,"f":"1.2.3"}',
    ],
    ['{a:|{x, [y]}}"\\\n<|}', '{"a":"{x, [y]}}\\"\\\\\\n<"}'],
    ['{a:|| ,}', '{"a":""}'],
    ['{a:"b, \\"c\\"",d:f}', '{"a":"b, \\"c\\"","d":"f"}'],
    ['{a:x:y}', '{"a":"x:y"}'],
  ])('%s means %s', (text, json) => {
    expect(read(text)).toMatchObject({ text: json, isDone: true, isInvalid: false })
    expect(read(`${text}}<`)).toMatchObject({ text: json, isDone: true, isInvalid: false })
    JSON.parse(json)
  })

  test('parts of the delimiter in a string are text', () => {
    for (let length = 1; length < delimiter.length; length++) {
      const part = delimiter.slice(0, length)
      const text = `{a:${delimiter}${part}${part}x${part}${delimiter}}`
      expect(JSON.parse(readAtEveryCut(() => create(), text).text)).toEqual({ a: `${part}${part}x${part}` })
    }
  })

  test.each([
    ['{a}', '{"a"}'],
    ['{a:}', '{"a":}'],
    ['{a:1,,b:2}', '{"a":1,,b:2}'],
    ['[1}]', '[1}'],
    ['{a:<<b}', '{"a":<<b}'],
  ])('what cannot be read comes out as it is: %s', (text, out) => {
    expect(readAtEveryCut(() => create(), text)).toMatchObject({ text: out, isDone: true, isInvalid: true })
  })

  test.each([
    ['stop', '{a:|b|', '{"a":"b"}', true],
    ['stop', '{a:[1,2', '{"a":[1,2]}', true],
    ['stop', '{a:cel', '{"a":', false],
    ['length', '{a:|b|', '{"a":"b"', false],
    ['length', '{a:|b', '{"a":"b', false],
    ['length', '{a:12', '{"a":', false],
    ['cut', '{ab', '{', false],
  ] as const)('the end by %s of %s', (how, text, out, isDone) => {
    const reading = readAtEveryCut(() => create(), text.replaceAll('|', delimiter), how)
    expect(reading).toMatchObject({ text: out, isDone, isInvalid: false })
  })

  test('a delimiter that was cut is text', () => {
    const text = `{a:${delimiter}b${delimiter.slice(0, 4)}`
    expect(JSON.parse(`${readAtEveryCut(() => create(), text, 'length').text}"}`)).toEqual({
      a: `b${delimiter.slice(0, 4)}`,
    })
  })

  test('a marker ends the value, but not in a string', () => {
    const text = `{a:${delimiter}<x><${delimiter},b:two<y>`
    const reading = readAtEveryCut(() => create({ markers: ['<x>'] }), `${text}<x>}`)
    expect(reading).toEqual({ text: '{"a":"<x><","b":"two<y>"}', taken: text.length, isDone: true, isInvalid: false })
  })

  test('a bare value beyond the bound is invalid', () => {
    const small = () => create({ maxHeld: 8 })
    expect(readAtEveryCut(small, '{a:abcdefgh}')).toMatchObject({ text: '{"a":"abcdefgh"}', isInvalid: false })
    expect(readAtEveryCut(small, '{a:abcdefghi}')).toMatchObject({ text: '{"a":abcdefghi}', isInvalid: true })
  })

  test('any garbage reads the same however it is cut, and is JSON unless it says otherwise', () => {
    const garbage = fc
      .array(
        fc.oneof(
          fc.constantFrom(...'{}[]:,"\\-.01e \n<|x'.split('')),
          fc.constantFrom(delimiter, delimiter.slice(0, 3), 'key:', 'true', '\ud83d', '\u0000', '😀'),
        ),
        { maxLength: 40 },
      )
      .map((pieces) => `{${pieces.join('')}`)
    fc.assert(
      fc.property(garbage, pieceLengths, fc.constantFrom('stop', 'length', 'cut'), (text, lengths, how) => {
        const small = () => create({ maxDepth: 4, maxHeld: 6 })
        const whole = readPieces(small(), [text], how)
        expect(readPieces(small(), inPieces(text, lengths), how)).toEqual(whole)
        if (whole.isDone && !whole.isInvalid) JSON.parse(whole.text)
      }),
      { numRuns: 3000 },
    )
  })

  test('any value in the syntax, cut anyhow, gives the JSON that it means', () => {
    const string = fc
      .string({ unit: 'binary', maxLength: 8 })
      .filter((text) => !text.includes('<'))
      .map<[string, unknown]>((text) => [delimiter + text + delimiter, text])
    const { value } = fc.letrec<{ value: [string, unknown] }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<[string, unknown][]>(
          ['true', true],
          ['null', null],
          ['-1.5', -1.5],
          [' two words ', 'two words'],
        ),
        string,
        fc
          .array(tie('value'), { maxLength: 4 })
          .map<[string, unknown]>((items) => [
            `[${items.map(([text]) => text).join(',')}]`,
            items.map(([, one]) => one),
          ]),
        fc
          .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_ ]{0,4}[a-z]$/), tie('value')), {
            selector: ([key]) => key.trim(),
            maxLength: 4,
          })
          .map<[string, unknown]>((members) => [
            `{${members.map(([key, [text]]) => `${key}:${text}`).join(',')}}`,
            Object.fromEntries(members.map(([key, [, one]]) => [key.trim(), one])),
          ]),
      ),
    }))
    fc.assert(
      fc.property(value, pieceLengths, ([text, meant], lengths) => {
        const whole = readPieces(create(), [`[${text}]`])
        expect(whole).toMatchObject({ isDone: true, isInvalid: false })
        expect(JSON.parse(whole.text)).toEqual([meant])
        expect(readPieces(create(), inPieces(`[${text}]`, lengths))).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })
})
