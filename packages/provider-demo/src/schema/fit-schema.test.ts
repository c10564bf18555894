import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createClues } from './clues.ts'
import { fitSchema } from './fit-schema.ts'

interface Tree {
  name: string
  children: Tree[]
}
const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) })
interface Chain {
  next: Chain | null
}
const chain: z.ZodType<Chain> = z.object({ next: z.lazy(() => chain.nullable()) })

// zod judges what was made for its own JSON Schema: nothing of ours has a say in it.
test.each(
  Object.entries<z.ZodType>({
    string: z.string(),
    'string of some length': z.string().min(30).max(40),
    'short string': z.string().max(4),
    'string of one unit, where the text begins with an emoji': z.string().max(1),
    'string by expression': z.string().regex(/^[A-Z]{1,3}-\d{3,4}[EH]?$/),
    'string by two expressions': z.string().regex(/a/).regex(/b/),
    'string by beginning and end': z.string().startsWith('ab.').endsWith('z'),
    'template literal': z.templateLiteral(['id-', z.number()]),
    'lower case': z.string().lowercase(),
    'upper case': z.string().uppercase(),
    email: z.email(),
    url: z.url(),
    'uuid 4': z.uuidv4(),
    'uuid 7': z.uuidv7(),
    date: z.iso.date(),
    time: z.iso.time(),
    'date and time': z.iso.datetime({ offset: true }),
    'local date and time': z.iso.datetime({ local: true }),
    duration: z.iso.duration(),
    ipv4: z.ipv4(),
    ipv6: z.ipv6(),
    cidr: z.cidrv4(),
    hostname: z.hostname(),
    phone: z.e164(),
    base64: z.base64(),
    jwt: z.jwt(),
    emoji: z.emoji(),
    nanoid: z.nanoid(),
    ulid: z.ulid(),
    mac: z.mac(),
    hex: z.hex(),
    number: z.number(),
    integer: z.int(),
    'negative number': z.number().negative(),
    'number between close bounds': z.number().gt(5).lt(5.5),
    'multiple of a fraction': z.number().multipleOf(0.25).gt(3),
    'multiple within bounds': z.int().min(10).max(20).multipleOf(7),
    boolean: z.boolean(),
    null: z.null(),
    anything: z.unknown(),
    enum: z.enum(['red', 'green']),
    'literals of several types': z.literal([3, 'x', null]),
    nullable: z.string().nullable(),
    tuple: z.tuple([z.string(), z.number(), z.boolean()]),
    'array of some length': z.array(z.email()).min(3).max(5),
    'array that must be empty': z.array(z.never()),
    'array with a default': z.array(z.string()).default(['a']),
    record: z.record(z.string().min(3), z.int()),
    'record of all keys': z.record(z.enum(['a', 'b']), z.number()),
    union: z.union([z.object({ a: z.string() }), z.array(z.int())]),
    'discriminated union': z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('circle'), radius: z.number().positive() }),
      z.object({ kind: z.literal('square'), side: z.number().positive() }),
    ]),
    intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int().min(7) })),
    'optional and defaulted': z.object({ a: z.string().optional(), b: z.number().default(3), c: z.string().nullish() }),
    nested: z.object({ a: z.object({ b: z.array(z.object({ c: z.enum(['x']), d: z.iso.date() })).length(2) }) }),
    tree,
    chain,
  }),
)('what is made for zod’s JSON Schema is parsed by zod: %s', (_name, schema) => {
  const value = fitSchema(z.toJSONSchema(schema), createClues('🐉 tell Ada about 3 things in “New York”'))
  expect(schema.safeParse(value)).toMatchObject({ success: true })
})

type Json = Record<string, unknown>

// zod takes what an object inherits (`valueOf`) for a property of it.
const names = fc.string({ maxLength: 8 }).filter((name) => !(name in {}))

/** Schemas that some value fits, of everything that zod reads back. */
const schemas = fc.letrec<{ schema: Json; string: Json; integer: Json; array: Json; object: Json }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('string'),
    tie('integer'),
    fc.constantFrom<Json>({ type: 'boolean' }, { type: 'null' }, { type: ['null', 'integer'] }, {}),
    fc
      .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 })
      .map((all) => ({ enum: all })),
    fc.string().map((value) => ({ const: value })),
    fc.constantFrom<Json>({ $ref: '#/$defs/point' }, { $ref: '#/$defs/list' }, { $ref: '#/$defs/a~1b' }),
    tie('array'),
    tie('object'),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    tie('object').map((object) => ({
      allOf: [object, { type: 'object', required: ['also'], properties: { also: {} } }],
    })),
  ),
  string: fc.oneof(
    fc
      .constantFrom('email', 'uri', 'uuid', 'date-time', 'date', 'duration', 'ipv4', 'ipv6')
      .map((format) => ({ type: 'string', format })),
    fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([least, more]) => ({ type: 'string', minLength: least, maxLength: least + more })),
    fc
      .constantFrom('^[a-z]+$', '^\\d{3}-[A-F]{2,}$', 'x|y', '^(?!a).b?c{2}')
      .map((pattern) => ({ type: 'string', pattern })),
  ),
  integer: fc
    .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(30), fc.integer({ min: 1, max: 10 }))
    .map(([minimum, more, multipleOf]) => ({
      type: 'integer',
      minimum,
      maximum: minimum + multipleOf + more,
      multipleOf,
    })),
  array: fc
    .record({ items: tie('schema'), minItems: fc.nat(3), more: fc.nat(3) })
    .map(({ items, minItems, more }) => ({ type: 'array', items, minItems, maxItems: minItems + more })),
  object: fc
    .record({ properties: fc.dictionary(names, tie('schema'), { maxKeys: 4 }), drop: fc.nat(4) })
    .map(({ properties, drop }) => ({ type: 'object', properties, required: Object.keys(properties).slice(drop) })),
}))
const $defs = {
  point: { type: 'object', properties: { x: { type: 'number' } }, required: ['x'], additionalProperties: false },
  list: {
    type: 'object',
    properties: { next: { anyOf: [{ $ref: '#/$defs/list' }, { type: 'null' }] } },
    required: ['next'],
  },
  'a/b': { type: 'array', prefixItems: [{ const: 1 }, { type: 'string' }], items: false, minItems: 2 },
}

test('whatever the schema and the text, the value fits and is always the same', () => {
  fc.assert(
    fc.property(schemas.schema, fc.lorem({ mode: 'sentences' }), (drawn, text) => {
      const schema = { ...drawn, $defs }
      const value = fitSchema(schema, createClues(`${text} Paris, 12 or “x”.`))
      expect(z.fromJSONSchema(JSON.parse(JSON.stringify(schema))).safeParse(value).error).toBeUndefined()
      expect(fitSchema(schema, createClues(`${text} Paris, 12 or “x”.`))).toEqual(value)
    }),
    { numRuns: 300 },
  )
})

const string = { type: 'string' }
const number = { type: 'number' }

test.each([
  ['What is the weather in Paris?', { city: string }, { city: 'Paris' }],
  [
    'weather in tokyo, in fahrenheit',
    { city: string, unit: { enum: ['celsius', 'fahrenheit'] } },
    { city: 'tokyo', unit: 'fahrenheit' },
  ],
  ['北京的天气怎么样', { city: string }, { city: '北京' }],
  [
    'Fly from Paris to New York on 2026-05-01',
    { from: string, to: string, on: { ...string, format: 'date' } },
    { from: 'Paris', to: 'New York', on: '2026-05-01' },
  ],
  ['Add 2 and -3.5', { a: number, b: number }, { a: 2, b: -3.5 }],
  ['Add 1, 2 and 3', { numbers: { type: 'array', items: number } }, { numbers: [1, 2, 3] }],
  ['What is (2 + 3) * 4?', { expression: string }, { expression: '(2 + 3) * 4' }],
  ["send 'hello there' to Bob", { recipient: string, message: string }, { recipient: 'Bob', message: 'hello there' }],
  ['find cats', { query: string }, { query: 'find cats' }],
  ['write to ada@lovelace.org', { email: { ...string, format: 'email' } }, { email: 'ada@lovelace.org' }],
  ['convert 5 USD', { currency: { ...string, pattern: '^[A-Z]{3}$' }, amount: number }, { currency: 'USD', amount: 5 }],
  ['hello', { city: string }, { city: 'example city' }],
])('%s', (text, properties, value) => {
  expect(fitSchema({ type: 'object', properties, required: Object.keys(properties) }, createClues(text))).toEqual(value)
})

test('a property that is not required is there only when the text says what to put', () => {
  const schema = {
    properties: { city: string, unit: { enum: ['C', 'F'] }, days: { type: 'integer' } },
    required: ['city'],
  }
  expect(fitSchema(schema, createClues('weather in Paris'))).toEqual({ city: 'Paris' })
  expect(fitSchema(schema, createClues('weather in Paris for 3 days'))).toEqual({ city: 'Paris', days: 3 })
})

test('what may be null is optional too', () => {
  const unit = { anyOf: [{ enum: ['celsius', 'fahrenheit'] }, { type: 'null' }], default: null }
  const schema = { properties: { city: string, unit }, required: ['city'] }
  expect(fitSchema(schema, createClues('in Paris, in fahrenheit'))).toEqual({ city: 'Paris', unit: 'fahrenheit' })
  expect(fitSchema(schema, createClues('in Paris'))).toEqual({ city: 'Paris' })
})

test('the member of a union that the text names is taken', () => {
  const shape = (kind: string) => ({ type: 'object', properties: { kind: { const: kind } }, required: ['kind'] })
  const schema = { oneOf: [shape('circle'), shape('square')] }
  expect(fitSchema(schema, createClues('draw a square'))).toEqual({ kind: 'square' })
})

test('a fact is used where it has the type', () => {
  const facts = new Map<string, unknown>([
    ['temperatur', 18],
    ['city', 7],
  ])
  const schema = { properties: { temperature: number, city: string }, required: ['temperature', 'city'] }
  expect(fitSchema(schema, createClues('', facts))).toEqual({ temperature: 18, city: 'example city' })
})

test('unique items differ', () => {
  const list = (items: object, minItems: number) => ({ type: 'array', items, minItems, uniqueItems: true })
  const values = fitSchema(
    { type: 'array', prefixItems: [list({ enum: ['a', 'b', 'c'] }, 3), list(number, 4), list(string, 3)] },
    createClues(''),
  )
  expect(Array.isArray(values) && values.map((value) => new Set(Array.isArray(value) ? value : []).size)).toEqual([
    3, 4, 3,
  ])
})

test('a key named __proto__ is data', () => {
  const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"const":1}},"required":["__proto__"]}')
  expect(JSON.stringify(fitSchema(schema, createClues('')))).toBe('{"__proto__":1}')
})

test.each([
  ['endless nesting', { properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }],
  ['a reference to itself', { $ref: '#' }],
  ['doubling alternatives', { oneOf: [{ $ref: '#' }, { $ref: '#' }] }],
  ['doubling parts', { allOf: [{ $ref: '#' }, { $ref: '#' }], anyOf: [{ $ref: '#' }, { $ref: '#' }] }],
  ['a billion items', { type: 'array', minItems: 1e9, items: { type: 'array', minItems: 1e9, items: string } }],
  ['a billion characters', { type: 'string', minLength: 1e9 }],
  ['a billion properties', { type: 'object', minProperties: 1e9 }],
  ['nothing', false],
  ['what cannot be', { allOf: [{ type: 'string' }, { type: 'number' }], not: {} }],
  ['a broken reference', { $ref: '#/$defs/%E0%A4%A/none' }],
  ['no schema', 'string'],
  [
    'keywords of other types',
    { type: 7, properties: [], required: 'a', enum: {}, pattern: 5, items: 'x', minimum: '1' },
  ],
])('%s is answered with something short', (_name, schema) => {
  expect(JSON.stringify(fitSchema(schema, createClues('hello'))).length).toBeLessThan(2_000_000)
})

test('a calculation is looked for where everything else is, at the end of a long text', () => {
  const schema = { properties: { expression: string }, required: ['expression'] }
  const filling = 'word '.repeat(1000)
  expect(fitSchema(schema, createClues(`${filling} (1 + 2) * 3?`))).toEqual({ expression: '(1 + 2) * 3' })
  expect(fitSchema(schema, createClues(`(1 + 2) * 3? ${filling}`))).toEqual({ expression: 'example expression' })
  expect(fitSchema(schema, createClues('('.repeat(1_000_000)))).toEqual({ expression: 'example expression' })
})

test('a long constant is repeated only until the answer has become long', () => {
  const schema = { type: 'array', minItems: 64, items: { const: 'x'.repeat(1_000_000) } }
  expect(JSON.stringify(fitSchema(schema, createClues(''))).length).toBeLessThan(30_000_000)
})
