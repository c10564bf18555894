import { inspect } from 'node:util'
import { DragomanError, Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import { canary, consoleDuring, leaked } from './secrets.ts'

const secrets = { apiKey: canary('apiKey'), password: canary('password') }
const { apiKey } = secrets

test.each<[string, unknown]>([
  ['a message', new Error(`bad key ${apiKey}`)],
  ['a part of it at the end of a clipped message', new Error(`bad key ${apiKey.slice(0, 12)}`)],
  ['a cause of a cause', new Error('a', { cause: new Error('b', { cause: new Error(apiKey) }) })],
  ['a cause that is no error', new DragomanError('internal', 'a', { cause: { headers: { authorization: apiKey } } })],
  ['a field of an error', Object.assign(new Error('a'), { request: { url: `/?key=${apiKey}` } })],
  ['a field that does not show', Object.defineProperty(new Error('a'), 'hidden', { value: apiKey })],
  ['a toJSON', { toJSON: () => apiKey }],
  ['an event', { type: 'request', path: `/${apiKey}` }],
])('it finds a secret in %s', (_, value) => {
  expect(leaked(secrets, value)).toEqual(['apiKey'])
})

test.each<[string, unknown]>([
  ['a Secret', new DragomanError('internal', 'a', { cause: { key: new Secret(apiKey) } })],
  ['words like it', new Error('the apiKey is a canary')],
  ['a circle', Object.assign(new Error('a'), { self: new Map([[1, new Set([1])]]) })],
  ['nothing', undefined],
])('it finds none in %s', (_, value) => {
  expect(leaked(secrets, value)).toEqual([])
})

test('what is printed in between is kept and not shown, and printing works again afterwards', async () => {
  const log = console.log
  const write = process.stdout.write
  const printed = await consoleDuring(async () => {
    console.log('one', { deep: { two: apiKey } })
    await Promise.resolve()
    process.stdout.write('three')
    console.error(new Error('four'))
  })
  expect(printed).toContain('one')
  expect(leaked(secrets, printed)).toEqual(['apiKey'])
  expect(printed).toContain('three')
  expect(printed).toContain('four')
  expect([console.log, process.stdout.write]).toEqual([log, write])
  expect(inspect(new Secret(apiKey))).toBe('[secret]')
})
