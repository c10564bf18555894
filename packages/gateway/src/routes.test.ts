import type { Provider } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { Health } from './health.ts'
import { ModelLists } from './model-lists.ts'
import { Routes } from './routes.ts'
import { staticCredentials } from './static-credentials.ts'

test('a name means what the lists say now, also when it was asked for before', async () => {
  const clock = handClock()
  const { signal } = new AbortController()
  let served = ['one']
  const lister = (id: string, list: () => readonly string[]) => {
    const provider: Provider = {
      id,
      async *chat() {},
      models: async () => list().map((model) => ({ id: model, object: 'model', created: 0, owned_by: id })),
      close: async () => {},
    }
    return { id, provider, credentials: staticCredentials([]) }
  }
  const providers = [lister('a', () => served), lister('b', () => ['one', 'two'])]
  const lists = new ModelLists(clock)
  const routes = new Routes({ groups: [], providers }, lists, new Health(), clock)
  const serving = async (name: string) => (await routes.plan(name, signal))?.targets.map(({ entry }) => entry.id)

  expect(await serving('one')).toEqual(['a'])
  expect(await serving('none')).toBeUndefined()
  served = ['two']
  await clock.advance(600_000)
  await lists.read(providers, signal)
  expect(await serving('one')).toEqual(['b'])
  expect(await serving('two')).toEqual(['a'])
})
