import { DragomanError, type Provider } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { ModelGroup, ProviderEntry, Target } from './deployments.ts'
import { Health } from './health.ts'
import { ModelLists } from './model-lists.ts'
import { Routes } from './routes.ts'
import { staticCredentials } from './static-credentials.ts'
import { entryOf, plainRules, seeded } from './test-routing.ts'

const { signal } = new AbortController()
const anybody = { affinityKey: () => undefined }

function routesOf(groups: readonly ModelGroup[], providers: readonly ProviderEntry[] = []) {
  const clock = handClock()
  const health = new Health(clock)
  const lists = new ModelLists(clock)
  const names = { groups, providers }
  const rest = { lists, health, clock, random: seeded(1), turns: new Map() }
  return { clock, health, lists, routes: new Routes({ ...plainRules, ...rest, names }) }
}

const served = (targets: readonly Target[] | undefined) => targets?.map(({ entry }) => entry.id)

function lister(id: string, list: () => readonly string[]): ProviderEntry {
  const provider: Provider = {
    id,
    async *chat() {},
    models: async () => list().map((model) => ({ id: model, object: 'model', created: 0, owned_by: id })),
    close: async () => {},
  }
  return { id, provider, credentials: staticCredentials([]) }
}

test('a name means what the lists say now, also when it was asked for before', async () => {
  let listed = ['one']
  const providers = [lister('a', () => listed), lister('b', () => ['one', 'two'])]
  const { routes, clock, lists } = routesOf([], providers)
  const serving = async (name: string) => served((await routes.plan(name, anybody, signal))?.targets)

  expect(await serving('one')).toEqual(['a'])
  expect(await serving('none')).toBeUndefined()
  listed = ['two']
  await clock.advance(600_000)
  await lists.read(providers, signal)
  expect(await serving('one')).toEqual(['b'])
  expect(await serving('two')).toEqual(['a'])
})

const [a, b, c] = [entryOf('a'), entryOf('b'), entryOf('c')]
const three = [a, b, c].map((entry) => ({ entry, model: 'm' }))

test('a suffix waits for the lists, because ids of models have colons too', async () => {
  const groups: ModelGroup[] = [{ name: 'glm', deployments: three }]
  const listing = routesOf(groups, [lister('d', () => ['glm:floor'])]).routes
  expect(listing.known('glm:floor', anybody)).toBeUndefined()
  expect(served((await listing.plan('glm:floor', anybody, signal))?.targets)).toEqual(['d'])

  const { routes } = routesOf(groups, [lister('d', () => [])])
  expect(routes.known('glm:floor', anybody)).toBeUndefined()
  expect(await routes.plan('glm:floor', anybody, signal)).toMatchObject({ name: 'glm', strategy: 'cheapest' })
  expect(routes.known('glm:floor', anybody)).toMatchObject({ resolvedBy: 'suffix' })
})

test('round-robin takes turns exactly, whatever names the requests use, and goes on among those that are left', async () => {
  const { routes, health, clock } = routesOf([
    { name: 'x', aliases: ['y'], strategy: 'round-robin', deployments: three },
    { name: 'solo', deployments: three },
  ])
  const firsts = (name: string, times: number) =>
    Array.from({ length: times }, () => served(routes.known(name, anybody)?.targets)?.[0])
  expect([...firsts('x', 2), ...firsts('y', 2), ...firsts('solo', 1), ...firsts('X', 2)].join('')).toBe('abcaabc')
  for (let i = 0; i < 3; i++) fail(health, 'b')
  expect(firsts('x', 100).filter((id) => id === 'a')).toHaveLength(50)
  expect(firsts('x', 100).filter((id) => id === 'c')).toHaveLength(50)
  await clock.advance(1)
})

function fail(health: Health, id: string): void {
  const target = { entry: entryOf(id), model: 'm' }
  health.ended(health.started(target), new DragomanError('upstream_unavailable', 'down'))
}

test('the plan of a group in fixed order is the same object while all are well', () => {
  const { routes, health } = routesOf([
    { name: 'x', fallbacks: ['y'], deployments: three },
    { name: 'y', deployments: [{ entry: entryOf('d'), model: 'm' }] },
  ])
  const calm = routes.known('x', anybody)
  expect(routes.known('x', anybody)).toBe(calm)
  for (let i = 0; i < 3; i++) fail(health, 'a')
  expect(served(routes.known('x', anybody)?.targets)).toEqual(['b', 'c', 'd', 'a'])
})

test('of many requests that are planned after a rest exactly one begins with the target', async () => {
  const { routes, health, clock } = routesOf([{ name: 'x', deployments: three }])
  for (let i = 0; i < 3; i++) fail(health, 'a')
  await clock.advance(5_000)
  const plans = Array.from({ length: 50 }, () => routes.known('x', anybody))
  expect(plans.map((plan) => served(plan?.targets)?.[0])).toEqual(['a', ...Array(49).fill('b')])
  expect(plans[0]).toMatchObject({ healthy: 3 })
  expect(plans[1]).toMatchObject({ healthy: 2 })

  const probe = health.started({ entry: a, model: 'm' })
  expect(served(routes.known('x', anybody)?.targets)).toEqual(['b', 'c', 'a'])
  health.ended(probe, undefined)
  expect(served(routes.known('x', anybody)?.targets)).toEqual(['a', 'b', 'c'])
})

test('to look at a plan claims no probe and takes no turn', async () => {
  const { routes, health, clock } = routesOf([{ name: 'x', strategy: 'round-robin', deployments: three }])
  const route = await routes.find('x', signal)
  if (!route) throw new Error('x is a group')
  for (let i = 0; i < 3; i++) expect(served(routes.seen(route, anybody).targets)?.[0]).toBe('a')
  for (let i = 0; i < 3; i++) fail(health, 'a')
  await clock.advance(5_000)
  expect(routes.seen(route, anybody).probed).toBeDefined()
  expect(served(routes.known('x', anybody)?.targets)?.[0]).toBe('a')
})

test('where a request goes on under another name, its targets say so', () => {
  const { routes } = routesOf([{ name: 'big', deployments: [{ entry: c, model: 'm' }] }])
  expect(routes.instead('big', anybody)?.targets).toMatchObject([{ model: 'm', fallback: 'big' }])
  expect(routes.known('big', anybody)?.targets[0]?.fallback).toBeUndefined()
  expect(routes.instead('none', anybody)).toBeUndefined()
})
