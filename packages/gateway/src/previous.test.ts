import { DragomanError, type Provider, Secret } from '@dragoman/core'
import { chatChunks, handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'

const { signal } = new AbortController()
const messages = [{ role: 'user' as const, content: 'x' }]

function entryOf(id: string, answer: 'fails' | 'answers') {
  let lists = 0
  const provider: Provider = {
    id,
    async *chat() {
      if (answer === 'fails') throw new DragomanError('upstream_unavailable', 'down', { origin: 'upstream' })
      yield* chatChunks({ text: 'x' })
    },
    async models() {
      lists++
      return [{ id: `listed-by-${id}`, object: 'model', created: 1, owned_by: id }]
    },
    close: async () => {},
  }
  const credentials = staticCredentials([{ id: `${id}-key`, values: { apiKey: new Secret('k') } }])
  return { id, provider, credentials, lists: () => lists }
}

test('what takes the place of a gateway knows what that one saw of targets and lists, until it is to forget', async () => {
  const clock = handClock()
  const [a, b] = [entryOf('a', 'fails'), entryOf('b', 'answers')]
  const models = [{ name: 'm', deployments: [a, b].map((entry) => ({ entry, model: 'up' })) }]
  const options = { providers: [a, b], models, clock, random: () => 0, limits: { attempts: 3 } }
  const first = createGateway(options)
  for (let n = 0; n < 3; n++) await first.chat({ model: 'm', messages }, { signal })
  await first.models(signal)
  const order = async (gateway: typeof first) => (await gateway.plan('m', signal))?.targets.map(({ entry }) => entry.id)
  expect(await order(first)).toEqual(['b', 'a'])

  const changed = entryOf('b', 'answers')
  const others = [{ name: 'm', deployments: [a, changed].map((entry) => ({ entry, model: 'up' })) }]
  const second = createGateway({ ...options, providers: [a, changed], models: others, previous: first })
  expect(await order(second)).toEqual(['b', 'a'])
  expect((await second.models(signal)).map(({ id }) => id)).toContain('listed-by-b')
  expect([a.lists(), changed.lists()]).toEqual([1, 1])

  second.forget(new Set(['a']))
  expect(await order(second)).toEqual(['a', 'b'])
})
