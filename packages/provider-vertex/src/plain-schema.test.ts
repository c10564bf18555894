import { expect, test } from 'vitest'
import { plainSchema } from './plain-schema.ts'

test('what is referred to stands where it was referred to, with what stood beside the reference', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { City: { type: 'string', description: 'A city' }, 'a/b': { type: 'number' } },
    definitions: { List: { type: 'array', items: { $ref: '#/$defs/City' } } },
    properties: {
      from: { $ref: '#/$defs/City', description: 'Where from' },
      via: { $ref: '#/definitions/List' },
      odd: { anyOf: [{ $ref: '#/$defs/a~1b' }, { type: 'null' }] },
    },
  }
  expect(plainSchema(schema)).toEqual({
    type: 'object',
    properties: {
      from: { type: 'string', description: 'Where from' },
      via: { type: 'array', items: { type: 'string', description: 'A city' } },
      odd: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    },
  })
})

test('a property may be called like a keyword, and data are not looked into', () => {
  const schema = {
    $schema: 'x',
    properties: { $ref: { type: 'string' }, definitions: { type: 'object' } },
    default: { $ref: 'data' },
    enum: [{ $schema: 'data' }],
  }
  const { $schema, ...plain } = schema
  expect(plainSchema(schema)).toEqual(plain)
})

test('what refers to itself is an object there, and what leads nowhere is left out', () => {
  const schema = {
    $defs: { Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } } },
    properties: {
      first: { $ref: '#/$defs/Node' },
      lost: { $ref: 'https://elsewhere.example/x', title: 'Lost' },
      proto: { $ref: '#/__proto__/polluted' },
    },
  }
  expect(plainSchema(schema)).toEqual({
    properties: {
      first: { type: 'object', properties: { next: { type: 'object' } } },
      lost: { title: 'Lost' },
      proto: {},
    },
  })
})

test('one that unfolds to too much stays as it is', () => {
  const $defs: Record<string, object> = { L0: { type: 'string' } }
  for (let level = 1; level <= 40; level++) {
    const below = { $ref: `#/$defs/L${level - 1}` }
    $defs[`L${level}`] = { properties: { a: below, b: below } }
  }
  const schema = { $defs, $ref: '#/$defs/L40' }
  expect(plainSchema(schema)).toBe(schema)
})

test('one without references is the same object', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } }
  expect(plainSchema(schema)).toBe(schema)
})
