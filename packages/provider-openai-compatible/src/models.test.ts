import { expect, test } from 'vitest'
import { decodeModels } from './models.ts'

const a = { id: 'a', object: 'model', created: 0, owned_by: 'acme' }

test.each([
  [{ object: 'list', data: [{ id: 'a' }] }],
  [{ models: [{ name: 'a' }] }],
  [[{ id: 'a' }]],
  [{ data: ['a'] }],
  [{ data: [{ id: 'a' }, null, { id: 7 }, {}, ''] }],
])('a list in the shape %j is read', (answer) => {
  expect(decodeModels(answer, { owner: 'acme' })).toMatchObject([a])
})

test('what a service tells besides stays', () => {
  const entry = { id: 'a', object: 'm', created: 5, owned_by: 'meta', context_length: 8192, pricing: { input: 1 } }
  expect(decodeModels({ data: [entry] }, { owner: 'acme' })).toEqual([{ ...entry, object: 'model' }])
})

test('a prefix that may be left out is left out', () => {
  const answer = { data: [{ id: 'models/a' }, { id: 'b' }] }
  expect(decodeModels(answer, { owner: 'acme', prefix: 'models/' }).map(({ id }) => id)).toEqual(['a', 'b'])
})

test.each([[{}], [null], ['a'], [{ data: 'a' }]])('%j is no list: upstream_protocol', (answer) => {
  expect(() => decodeModels(answer, { owner: 'acme' })).toThrowError(
    expect.objectContaining({ code: 'upstream_protocol', origin: 'upstream' }),
  )
})

test('a list without any model is empty, and an error with a null beside it is no list', () => {
  expect(decodeModels({ object: 'list', data: null }, { owner: 'acme' })).toEqual([])
  expect(() => decodeModels({ code: 401, message: 'no', data: null }, { owner: 'acme' })).toThrowError(/not one/)
})
