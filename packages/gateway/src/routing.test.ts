import { DragomanError, type ErrorCode, type Provider } from '@dragoman/core'
import { chatChunks, handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'
import type { Strategy } from './strategies.ts'
import { seeded } from './test-routing.ts'

const { signal } = new AbortController()

/** A service that counts its calls, and answers each when it is let. */
class Service {
  readonly entry: ProviderEntry
  calls = 0
  /** What it says in place of an answer. */
  fault: ErrorCode | undefined
  readonly #waiting: (() => void)[] = []
  #holds = false

  constructor(id: string) {
    const provider: Provider = { id, chat: () => this.#answer(), close: async () => {} }
    this.entry = { id, provider, credentials: staticCredentials([]) }
  }

  hold(): void {
    this.#holds = true
  }

  letGo(): void {
    this.#holds = false
    for (const go of this.#waiting.splice(0)) go()
  }

  async *#answer() {
    this.calls++
    if (this.fault) throw new DragomanError(this.fault, 'as told')
    if (this.#holds) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    yield* chatChunks({ text: ['Hello'] })
  }
}

function setUp(strategy: Strategy, weights: readonly number[] = [1, 1, 1], more: Partial<ModelGroup> = {}) {
  const services = weights.map((_, index) => new Service(`s${index}`))
  const spare = new Service('spare')
  const clock = handClock()
  const gateway = createGateway({
    providers: [...services, spare].map(({ entry }) => entry),
    models: [
      {
        name: 'glm',
        strategy,
        deployments: services.map(({ entry }, index) => ({ entry, model: 'm', weight: weights[index] })),
        ...more,
      },
    ],
    clock,
    random: seeded(2),
  })
  const ask = async (text = 'Hi', model = 'glm') => {
    const messages = [{ role: 'user', content: text } as const]
    return (await gateway.chat({ model, messages }, { signal })).route
  }
  const underWay = async () => (await gateway.explain('glm', { signal }))?.targets.map(({ inFlight }) => inFlight)
  const calls = () => services.map(({ calls }) => calls)
  return { gateway, services, spare, clock, ask, underWay, calls }
}

test('round-robin is exact over requests that come at once', async () => {
  const { services, ask, calls, underWay } = setUp('round-robin')
  for (const service of services) service.hold()
  const asked = Array.from({ length: 60 }, () => ask())
  expect(await underWay()).toEqual([20, 20, 20])
  for (const service of services) service.letGo()
  await Promise.all(asked)
  expect(calls()).toEqual([20, 20, 20])
  expect(await underWay()).toEqual([0, 0, 0])
})

test('requests that come at once are spread by least-busy as the weights say', async () => {
  const { services, ask, calls } = setUp('least-busy', [1, 3])
  for (const service of services) service.hold()
  const asked = Array.from({ length: 40 }, () => ask())
  for (const service of services) service.letGo()
  await Promise.all(asked)
  expect(calls()).toEqual([10, 30])
})

test('by affinity a conversation stays, moves when its deployment rests, and comes back', async () => {
  const { services, ask, clock } = setUp('affinity')
  const texts = Array.from({ length: 30 }, (_, index) => `conversation ${index}`)
  const homes = async () => Promise.all(texts.map(async (text) => (await ask(text))?.provider))
  const before = await homes()
  expect(new Set(before).size).toBe(3)
  expect(await homes()).toEqual(before)

  const [first] = services
  if (!first) throw new Error('there are three')
  first.fault = 'upstream_unavailable'
  const meanwhile = await homes()
  expect(meanwhile).not.toContain('s0')
  for (const [index, home] of before.entries()) if (home !== 's0') expect(meanwhile[index]).toBe(home)

  first.fault = undefined
  await clock.advance(5_000)
  await homes()
  expect(await homes()).toEqual(before)
})

test('a suffix orders one request another way, and the group answers', async () => {
  const { ask, calls } = setUp('first')
  for (let i = 0; i < 9; i++) expect(await ask('Hi', 'glm:round-robin')).toMatchObject({ name: 'glm' })
  expect(calls()).toEqual([3, 3, 3])
})

test('a fallback serves when the group has failed, and first while all of the group rest', async () => {
  const { services, spare, ask, calls } = setUp('first', [1, 1], { fallbacks: ['spare/x'] })
  for (const service of services) service.fault = 'upstream_unavailable'
  for (let i = 0; i < 5; i++) expect(await ask()).toMatchObject({ provider: 'spare', model: 'x' })
  expect(spare.calls).toBe(5)
  expect(calls()).toEqual([3, 3])
})

test('a model that is not there is asked for once a minute', async () => {
  const { services, ask, clock, calls } = setUp('first', [1, 1])
  const [first] = services
  if (first) first.fault = 'deployment_not_found'
  for (let i = 0; i < 5; i++) await ask()
  expect(calls()).toEqual([1, 5])
  await clock.advance(60_000)
  await ask()
  expect(calls()).toEqual([2, 6])
})
