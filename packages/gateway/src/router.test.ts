import { DragomanError } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { ModelGroup } from './deployments.ts'
import { Health } from './health.ts'
import type { Names } from './names.ts'
import { plan } from './router.ts'
import { entryOf, plainRules, targetOf, viewOf } from './test-routing.ts'

const [hosted, local] = [entryOf('hosted'), entryOf('local')]
const model = (id: string): Model => ({ id, object: 'model', created: 0, owned_by: '' })
const group = (name: string, ...deployments: ModelGroup['deployments']): ModelGroup => ({ name, deployments })

const fast: ModelGroup = {
  ...group('fast', { entry: hosted, model: 'big' }, { entry: local, model: 'small:7b' }),
  aliases: ['gpt-4o', 'Quick'],
}
const ofVariant: ModelGroup = { ...group('fast', { entry: local, model: 'thrifty' }), variant: 'low' }
const groups = [
  fast,
  group('own', { entry: local }),
  group('llama3', { entry: local }),
  group('claude-*', { entry: hosted }),
  group('claude-haiku*', { entry: local, model: 'small:7b' }),
]
const names: Names = {
  providers: [hosted, local],
  listed: new Map([
    ['hosted', [model('org/big'), model('Twin'), model('own:cheapest')]],
    ['local', [model('small:7b'), model('Twin'), model('twin')]],
  ]),
  groups,
  variants: new Map([
    [undefined, groups],
    ['low', [ofVariant, ...groups.slice(1)]],
  ]),
  fallbackName: 'fast',
}
const withCatchAll: Names = { ...names, groups: [...groups, group('*', { entry: hosted, model: 'catch-all' })] }
const withoutDefault: Names = { ...names, fallbackName: undefined }

const planned = (asked: string, from: Names) => plan(asked, from, plainRules, viewOf())
const targets = (asked: string, from: Names) =>
  planned(asked, from)?.targets.map((target) => `${target.entry.id}/${target.model}`)

test.each([
  ['fast', 'group', ['hosted/big', 'local/small:7b']],
  ['FAST', 'group', ['hosted/big', 'local/small:7b']],
  ['own', 'group', ['local/own']],
  ['gpt-4o', 'alias', ['hosted/big', 'local/small:7b']],
  ['QUICK', 'alias', ['hosted/big', 'local/small:7b']],
  ['hosted/org/big', 'provider', ['hosted/org/big']],
  ['local/anything:x', 'provider', ['local/anything:x']],
  ['local/own:fastest', 'provider', ['local/own:fastest']],
  ['LOCAL/x', 'provider', ['local/x']],
  ['claude-opus', 'wildcard', ['hosted/opus']],
  ['claude-opus:nitro', 'wildcard', ['hosted/opus:nitro']],
  ['claude-haiku-4', 'wildcard', ['local/small:7b']],
  ['org/big', 'listed', ['hosted/org/big']],
  ['small:7b', 'listed', ['local/small:7b']],
  ['own:cheapest', 'listed', ['hosted/own:cheapest']],
  ['Twin', 'listed', ['hosted/Twin']],
  ['twin', 'listed', ['local/twin']],
  ['fast:fastest', 'suffix', ['hosted/big', 'local/small:7b']],
  ['gpt-4o:NITRO', 'suffix', ['hosted/big', 'local/small:7b']],
  ['Fast:low', 'suffix', ['local/thrifty']],
  ['gpt-4', 'default', ['hosted/big', 'local/small:7b']],
  ['own:low', 'default', ['hosted/big', 'local/small:7b']],
  ['llama3:8b', 'default', ['hosted/big', 'local/small:7b']],
  ['hosted/', 'default', ['hosted/big', 'local/small:7b']],
])('%s is resolved by %s', (asked, resolvedBy, expected) => {
  expect(planned(asked, names)?.resolvedBy).toBe(resolvedBy)
  expect(targets(asked, names)).toEqual(expected)
})

test.each([
  ['fast:cheapest', 'cheapest'],
  ['fast:floor', 'cheapest'],
  ['fast:nitro', 'fastest'],
  ['fast:round-robin', 'round-robin'],
  ['fast:low', 'first'],
  ['fast', 'first'],
])('%s asks for the strategy %s', (asked, strategy) => {
  expect(planned(asked, withoutDefault)).toMatchObject({ name: 'fast', strategy })
})

test('a wildcard with more literal text beats a shorter one, and any beats what providers list', () => {
  expect(targets('claude-haiku', withCatchAll)).toEqual(['local/small:7b'])
  expect(targets('claude-x', withCatchAll)).toEqual(['hosted/x'])
  expect(targets('small:7b', withCatchAll)).toEqual(['hosted/catch-all'])
})

test('a name that fits several only without regard to case fits none', () => {
  expect(targets('TWIN', withoutDefault)).toBeUndefined()
})

test.each(['gpt-4', 'fast:', ':fastest', 'fast:constructor', 'none:fastest', 'own:8b'])(
  'without a default, %j has no plan',
  (asked) => {
    expect(planned(asked, withoutDefault)).toBeUndefined()
  },
)

const down = new DragomanError('upstream_unavailable', 'down')

/** After three failures of each of these. */
function restingView(...targets: string[]) {
  const health = new Health(handClock())
  for (const name of [...targets, ...targets, ...targets]) health.ended(health.started(targetOf(name)), down)
  return viewOf({ health, now: 0 })
}

const backed: Names = {
  ...names,
  groups: [
    {
      ...group('main', ...['a', 'b'].map((id) => ({ entry: hosted, model: id }))),
      fallbacks: ['spare', 'main', 'gone'],
    },
    // The first is one that `main` has as well, and its own fallbacks are its own.
    { ...group('spare', { entry: hosted, model: 'b' }, { entry: local, model: 'c' }), fallbacks: ['last', 'main'] },
    group('last', { entry: local, model: 'd' }),
  ],
}

test.each([
  [[], ['hosted/a', 'hosted/b', 'local/c'], 3],
  [['hosted/a'], ['hosted/b', 'local/c', 'hosted/a'], 2],
  [['hosted/a', 'hosted/b'], ['local/c', 'hosted/a', 'hosted/b'], 1],
  [['hosted/a', 'local/c'], ['hosted/b', 'hosted/a', 'local/c'], 1],
  [['hosted/a', 'hosted/b', 'local/c'], ['hosted/a', 'hosted/b', 'local/c'], 0],
])(
  'while %j rest, the group comes before its fallbacks, and all that is well before the rest',
  (resting, expected, healthy) => {
    const found = plan('main', backed, plainRules, restingView(...resting))
    expect(found?.targets.map(({ entry, model }) => `${entry.id}/${model}`)).toEqual(expected)
    expect(found?.healthy).toBe(healthy)
    expect(found?.targets.map(({ fallback }) => fallback).filter(Boolean)).toEqual(['spare'])
  },
)

test('a target whose rest is over is behind those that are well, unless the plan begins with it', async () => {
  const clock = handClock()
  const health = new Health(clock)
  for (let i = 0; i < 3; i++) health.ended(health.started(targetOf('hosted/b')), down)
  await clock.advance(5_000)
  const view = viewOf({ health, now: clock.elapsed() })
  const main: Names = { ...backed, groups: backed.groups.map((group) => ({ ...group, fallbacks: [] })) }
  expect(plan('main', main, plainRules, view)).toMatchObject({
    targets: [{ model: 'a' }, { model: 'b' }],
    healthy: 1,
    probed: undefined,
  })
  const turned: Names = { ...main, groups: main.groups.map((group) => ({ ...group, strategy: 'round-robin' })) }
  expect(plan('main', turned, plainRules, viewOf({ health, now: clock.elapsed(), turn: 1 }))).toMatchObject({
    targets: [{ model: 'b' }, { model: 'a' }],
    healthy: 2,
    probed: health.of('hosted/b'),
  })
})

test('prices decide by three tokens in for one out, a deployment of its own price by that', () => {
  const rules = { ...plainRules, price: ({ model }: { model: string }) => prices[model] }
  const prices: Record<string, { input: number; output: number }> = {
    dear: { input: 3, output: 1 },
    cheap: { input: 1, output: 6 },
  }
  const deployments = ['unknown', 'dear', 'cheap', 'own'].map((model) => ({ entry: hosted, model }))
  const own = { ...deployments[3], entry: hosted, price: { input: 0, output: 1 } }
  const from: Names = { ...names, groups: [{ ...group('x', ...deployments.slice(0, 3), own), strategy: 'cheapest' }] }
  expect(plan('x', from, rules, viewOf())?.targets.map(({ model }) => model)).toEqual([
    'own',
    'cheap',
    'dear',
    'unknown',
  ])
})
