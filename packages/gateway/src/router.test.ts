import type { Provider } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { type Names, plan } from './router.ts'
import { staticCredentials } from './static-credentials.ts'

function entry(id: string): ProviderEntry {
  const provider: Provider = { id, chat: () => (async function* () {})(), close: async () => {} }
  return { id, provider, credentials: staticCredentials([]) }
}

const [hosted, local] = [entry('hosted'), entry('local')]
const model = (id: string): Model => ({ id, object: 'model', created: 0, owned_by: '' })
const group = (name: string, ...deployments: ModelGroup['deployments']): ModelGroup => ({ name, deployments })

const names: Names = {
  providers: [hosted, local],
  listed: new Map([
    ['hosted', [model('org/big'), model('Twin')]],
    ['local', [model('small:7b'), model('Twin'), model('twin')]],
  ]),
  groups: [
    group('fast', { entry: hosted, model: 'big' }, { entry: local, model: 'small:7b' }),
    group('own', { entry: local }),
    group('claude-*', { entry: hosted }),
    group('claude-haiku*', { entry: local, model: 'small:7b' }),
    group('*', { entry: hosted, model: 'catch-all' }),
  ],
  fallbackName: 'fast',
}
const withoutCatchAll: Names = { ...names, groups: names.groups.slice(0, -1) }
const healthy = { isResting: () => false }

const targets = (asked: string, from: Names) =>
  plan(asked, from, healthy)?.targets.map((target) => `${target.entry.id}/${target.model}`)

test.each([
  ['fast', 'group', ['hosted/big', 'local/small:7b']],
  ['FAST', 'group', ['hosted/big', 'local/small:7b']],
  ['own', 'group', ['local/own']],
  ['hosted/org/big', 'provider', ['hosted/org/big']],
  ['local/anything:x', 'provider', ['local/anything:x']],
  ['LOCAL/x', 'provider', ['local/x']],
  ['claude-opus', 'wildcard', ['hosted/opus']],
  ['claude-haiku-4', 'wildcard', ['local/small:7b']],
  ['org/big', 'listed', ['hosted/org/big']],
  ['small:7b', 'listed', ['local/small:7b']],
  ['Twin', 'listed', ['hosted/Twin']],
  ['twin', 'listed', ['local/twin']],
  ['gpt-4', 'default', ['hosted/big', 'local/small:7b']],
  ['hosted/', 'default', ['hosted/big', 'local/small:7b']],
])('%s is resolved by %s', (asked, resolvedBy, expected) => {
  expect(targets(asked, withoutCatchAll)).toEqual(expected)
  expect(plan(asked, withoutCatchAll, healthy)?.resolvedBy).toBe(resolvedBy)
})

test('a wildcard with more literal text beats a shorter one, and any beats what providers list', () => {
  expect(targets('claude-haiku', names)).toEqual(['local/small:7b'])
  expect(targets('claude-x', names)).toEqual(['hosted/x'])
  expect(targets('small:7b', names)).toEqual(['hosted/catch-all'])
})

test('a name that fits several only without regard to case fits none', () => {
  expect(targets('TWIN', { ...withoutCatchAll, fallbackName: undefined })).toBeUndefined()
})

test('without a default, an unknown name has no plan', () => {
  expect(plan('gpt-4', { ...withoutCatchAll, fallbackName: undefined }, healthy)).toBeUndefined()
})

test('targets that rest come last', () => {
  const resting = plan('fast', names, { isResting: (target) => target === 'hosted/big' })
  expect(resting?.targets.map(({ model }) => model)).toEqual(['small:7b', 'big'])
  expect(resting?.healthy).toBe(1)
})
