import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accepts, coerce, streamsAsString, typesOf } from './schema.ts'

const types = (schema: unknown, root: unknown = schema) => [...typesOf(schema, root)].sort().join(' ')

test.each<[unknown, string]>([
  [{ type: 'string' }, 'string'],
  [{ type: 'number' }, 'integer number'],
  [{ type: ['integer', 'null'] }, 'integer null'],
  [{ type: 'STRING', nullable: true }, 'null string'],
  [{ type: 'str' }, 'string'],
  [{ type: ['dict', 'Float'] }, 'integer number object'],
  [{ enum: ['a', 'b'] }, 'string'],
  [{ enum: ['a', null, 2, 2.5, true, {}, []] }, 'array boolean integer null number object string'],
  [{ const: 1 }, 'integer'],
  [{ const: null }, 'null'],
  [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'integer null'],
  [{ oneOf: [{ type: 'object' }, { oneOf: [{ type: 'array' }] }] }, 'array object'],
  [{ allOf: [{ type: ['string', 'integer'] }, { type: 'number' }, { minimum: 1 }] }, 'integer'],
  [{ type: ['string', 'null'], enum: ['a'] }, 'string'],
  [{ properties: {} }, 'object'],
  [{ items: {} }, 'array'],
  [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { $ref: '#/$defs/c' }, c: { type: 'boolean' } } }, 'boolean'],
  [{ anyOf: [{ type: 'integer' }, { $ref: '#' }] }, 'integer'],
])('%j allows %s', (schema, allowed) => {
  expect(types(schema)).toBe(allowed)
})

const cyclic: Record<string, unknown> = { type: 'object' }
cyclic.anyOf = [cyclic, { allOf: [cyclic] }]
let deep: unknown = { type: 'integer' }
for (let i = 0; i < 100_000; i++) deep = { anyOf: [deep] }
let deepItems: unknown = {}
for (let i = 0; i < 100_000; i++) deepItems = { type: 'array', items: deepItems }
const doubling = {
  $ref: '#/$defs/0',
  $defs: Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [i, { anyOf: [{ $ref: `#/$defs/${i + 1}` }, { $ref: `#/$defs/${i + 1}` }] }]),
  ),
}
const hostile: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['true', true],
  ['a text', 'string'],
  ['an array', [{ type: 'integer' }]],
  ['an unknown type', { type: 'uuid' }],
  ['a type that is no text', { type: { type: 'integer' } }],
  ['an empty enum', { enum: [] }],
  ['types that exclude one another', { type: 'integer', enum: ['a'] }],
  ['a reference to nowhere', { $ref: '#/$defs/none' }],
  ['a reference elsewhere', { $ref: 'https://example.org/a.json' }],
  ['a reference into the prototype', { $ref: '#/constructor/prototype' }],
  ['a reference to itself', { $ref: '#' }],
  ['parts that are none', { anyOf: 3, allOf: {}, oneOf: null, properties: 7, required: 'a', items: [1], enum: 'x' }],
  ['references that double', doubling],
  ['a deep one', deep],
]

test.each(hostile)('%s is no obstacle', (_, schema) => {
  expect(types(schema)).toBe('string')
  expect(coerce('42', schema, schema)).toBe('"42"')
})

test.each([...hostile, ['a cycle', cyclic], ['deep items', deepItems]] as const)(
  '%s can be checked against',
  (_, schema) => {
    expect(typeof accepts(schema, { a: [[[1]]] })).toBe('boolean')
    expect(typeof accepts(schema, [[[[]]]])).toBe('boolean')
  },
)

test('a schema in a cycle counts once', () => {
  expect(types(cyclic)).toBe('object')
})

test('a schema that doubles itself is looked at once', () => {
  let looks = 0
  const schema = {
    get anyOf(): unknown[] {
      looks++
      return [schema, schema, { type: 'integer' }]
    },
  }
  expect(types(schema)).toBe('integer')
  expect(looks).toBe(1)
})

test('only a string comes as it arrives', () => {
  const streams = (schema: unknown) => streamsAsString(typesOf(schema, schema))
  expect([{ type: 'string' }, {}, undefined, { enum: ['a'] }].map(streams)).toEqual([true, true, true, true])
  expect([{ type: ['string', 'null'] }, { type: 'integer' }].map(streams)).toEqual([false, false])
})

describe.each<[unknown, [string, string][]]>([
  [
    { type: 'string' },
    [
      ['42', '"42"'],
      ['null', '"null"'],
      [' {"a"\n} ', '" {\\"a\\"\\n} "'],
      ['', '""'],
    ],
  ],
  [
    { type: ['string', 'null'] },
    [
      ['null', 'null'],
      ['NULL', 'null'],
      ['None', '"None"'],
      ['12', '"12"'],
    ],
  ],
  [
    { type: ['integer', 'null'] },
    [
      ['None', 'null'],
      ['12345678901234567890', '12345678901234567890'],
      ['-3', '-3'],
      ['+5', '5'],
      ['007', '7'],
      [' 8 ', '8'],
      ['5.0', '5'],
      ['5.5', '"5.5"'],
      ['five', '"five"'],
      ['1e3', '"1e3"'],
      ['', '""'],
    ],
  ],
  [
    { type: 'number' },
    [
      ['1.50', '1.50'],
      ['-2E+3', '-2E+3'],
      ['.5', '0.5'],
      ['-.5', '-0.5'],
      ['+1.', '1.0'],
      ['12345678901234567890', '12345678901234567890'],
      ['Infinity', '"Infinity"'],
      ['nan', '"nan"'],
      ['1e999', '"1e999"'],
      ['0x10', '"0x10"'],
      ['1 2', '"1 2"'],
      ['.', '"."'],
    ],
  ],
  [
    { type: 'boolean' },
    [
      ['TRUE', 'true'],
      ['False', 'false'],
      ['1', 'true'],
      ['0', 'false'],
      ['yes', '"yes"'],
    ],
  ],
  [{ type: ['boolean', 'integer'] }, [['1', '1']]],
  [
    { type: ['boolean', 'string'] },
    [
      ['1', '"1"'],
      ['true', 'true'],
    ],
  ],
  [
    { type: 'object' },
    [
      [' {"b": 1.0, "a": 12345678901234567890, "a": 2}\n', '{"b": 1.0, "a": 12345678901234567890, "a": 2}'],
      [`{'a': (1, None), "b": 'it\\'s'}`, '{"a": [1, null], "b": "it\'s"}'],
      ['{a: 1, // one\n}', '{"a": 1 \n}'],
      ['{"a": [1', '{"a": [1]}'],
      ['{"a": 1}}', '{"a": 1}'],
      ['"{\\"a\\": 1}"', '{"a": 1}'],
      ['"\\"{}\\""', '"\\"\\\\\\"{}\\\\\\"\\""'],
      ['[1]', '"[1]"'],
      ['{"a": }', '"{\\"a\\": }"'],
      ['{} {}', '"{} {}"'],
    ],
  ],
  [
    { type: ['array', 'string'] },
    [
      ['["a"]', '["a"]'],
      ["['a', True, ]", '["a", true ]'],
      ['(1, .5)', '[1, 0.5]'],
      ['[a]', '"[a]"'],
      ['["a"', '"[\\"a\\""'],
      ['["a" // x\n]', '"[\\"a\\" // x\\n]"'],
      ['{"a":1}', '"{\\"a\\":1}"'],
      ['"[1]"', '"\\"[1]\\""'],
      ['(see above)', '"(see above)"'],
    ],
  ],
])('under %j', (schema, pairs) => {
  test.each(pairs)('%j becomes %s', (text, json) => {
    expect(coerce(text, schema, schema)).toBe(json)
    JSON.parse(json)
  })
})

test('a container beyond the depth stays text', () => {
  const text = '['.repeat(600) + ']'.repeat(600)
  expect(coerce(text, { type: 'array' }, undefined)).toBe(`"${text}"`)
})

const anySchema = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom<unknown[]>(null, true, false, 1, 'string', [], { type: 7 }),
    fc.record(
      {
        type: fc.oneof(
          fc.constantFrom('string', 'integer', 'number', 'boolean', 'object', 'array', 'null', 'x'),
          fc.array(fc.constantFrom('string', 'integer', 'object', 'null'), { maxLength: 3 }),
        ),
        enum: fc.array(fc.constantFrom(null, 'a', 1, 1.5, true, {}), { maxLength: 3 }),
        anyOf: fc.array(tie('schema'), { maxLength: 3 }),
        allOf: fc.array(tie('schema'), { maxLength: 3 }),
        $ref: fc.constantFrom('#', '#/anyOf/0', '#/properties/a', '#/x'),
        items: tie('schema'),
        properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('schema')),
        required: fc.array(fc.constantFrom('a', 'b')),
        additionalProperties: tie('schema'),
        nullable: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  ),
})).schema

test('whatever the schema, the value is JSON, and a string of it is the text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...'{}[]()"\'\\,: -+.01ea\n'.split('')), maxLength: 20 }),
    fc.json({ maxDepth: 2 }),
    fc.constantFrom('null', 'True', '0', '-1.5e3', "{'a': None}"),
  )
  fc.assert(
    fc.property(text, anySchema, (written, schema) => {
      const value: unknown = JSON.parse(coerce(written, schema, schema))
      if (typeof value === 'string') expect(value).toBe(written)
      if (streamsAsString(typesOf(schema, schema))) expect(value).toBe(written)
    }),
    { numRuns: 1000 },
  )
})

test('whatever the schema and the value, checking gives an answer', () => {
  fc.assert(
    fc.property(anySchema, fc.jsonValue(), (schema, value) => {
      expect(typeof accepts(schema, value)).toBe('boolean')
    }),
    { numRuns: 500 },
  )
})

const search = {
  type: 'object',
  required: ['query'],
  additionalProperties: false,
  properties: {
    query: { type: 'string' },
    limit: { type: 'integer' },
    scale: { type: 'number' },
    exact: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    mode: { enum: ['fast', 'slow'] },
    after: { type: ['string', 'null'] },
    place: { $ref: '#/$defs/place' },
  },
  $defs: { place: { anyOf: [{ type: 'string' }, { type: 'object', required: ['lat'] }] } },
}

test.each<[boolean, unknown]>([
  [true, { query: 'a' }],
  [true, { query: 'a', limit: 3, scale: 1, exact: false, tags: ['b'], mode: 'fast', after: null, place: { lat: 1 } }],
  [true, { query: 'a', limit: 3.0, place: 'x' }],
  [false, {}],
  [false, { query: 1 }],
  [false, { query: 'a', other: 1 }],
  [false, { query: 'a', limit: 1.5 }],
  [false, { query: 'a', scale: '1' }],
  [false, { query: 'a', exact: 'true' }],
  [false, { query: 'a', tags: [1] }],
  [false, { query: 'a', tags: {} }],
  [false, { query: 'a', mode: 'other' }],
  [false, { query: 'a', limit: null }],
  [false, { query: 'a', place: {} }],
  [false, { query: 'a', ['__proto__']: 1 }],
  [false, []],
  [false, 'query'],
  [false, null],
])('accepted is %s: %j', (isAccepted, value) => {
  expect(accepts(search, value)).toBe(isAccepted)
})

test('schemas for other keys, constants, false and combinations', () => {
  expect(accepts({ additionalProperties: { type: 'integer' } }, { a: 1 })).toBe(true)
  expect(accepts({ additionalProperties: { type: 'integer' } }, { a: '1' })).toBe(false)
  expect(accepts({ patternProperties: {}, additionalProperties: false }, { a: 1 })).toBe(true)
  expect(accepts({ properties: { a: false } }, { a: 1 })).toBe(false)
  expect(accepts({ const: 1 }, 1)).toBe(true)
  expect(accepts({ const: 1 }, 2)).toBe(false)
  expect(accepts({ allOf: [{ type: 'string' }, { enum: ['a'] }] }, 'b')).toBe(false)
  expect(accepts({ oneOf: [{ type: 'string' }, { type: 'null' }] }, null)).toBe(true)
  expect(accepts({ type: 'string', nullable: true }, null)).toBe(true)
})
