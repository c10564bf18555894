import { type ClientRights, type CredentialPool, DragomanError, type Provider } from '@dragoman/core'
import { chatChunks, handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'
import { seeded } from './test-routing.ts'

const { signal } = new AbortController()

/** A service that answers after `ms`, or says no. */
function service(
  id: string,
  { isDown = (): boolean => false, ms = 0, relays = false, clock = handClock() } = {},
): ProviderEntry {
  const provider: Provider = {
    id,
    async *chat() {
      if (isDown()) throw new DragomanError('upstream_unavailable', `${id} is down`)
      clock.advanceSync(ms)
      yield* chatChunks({ text: ['Hello'] })
    },
    ...(relays ? { relay: () => Promise.reject(new Error('nobody relays here')) } : {}),
    close: async () => {},
  }
  return { id, provider, credentials: staticCredentials([]) }
}

/** One that is ready, and two that are not. */
const pool: CredentialPool = {
  ...staticCredentials([]),
  status: () => [
    { id: 'b:1', state: 'ready', inFlight: 0 },
    { id: 'b:2', state: 'cooling', inFlight: 0, reason: 'rate_limited', until: 5_000 },
    { id: 'b:3', state: 'disabled', inFlight: 0, reason: 'rejected' },
  ],
}

function setUp() {
  const clock = handClock(1_000_000)
  let aIsDown = true
  const [a, b, c] = [
    service('a', { isDown: () => aIsDown }),
    { ...service('b', { ms: 250, clock }), credentials: pool },
    service('c', { relays: true }),
  ]
  const models: ModelGroup[] = [
    {
      name: 'glm',
      aliases: ['z'],
      fallbacks: ['spare', 'gone'],
      onContextTooLong: 'spare',
      deployments: [
        { entry: a, model: 'm' },
        { entry: b, model: 'm', weight: 3, price: { input: 1, output: 2 } },
      ],
    },
    { name: 'spare', deployments: [{ entry: c, model: 'm' }] },
    { name: 'spare', variant: 'low', strategy: 'random', deployments: [{ entry: b, model: 'low' }] },
  ]
  const gateway = createGateway({ providers: [a, b, c], models, clock, random: seeded(1) })
  const ask = () => gateway.chat({ model: 'glm', messages: [{ role: 'user', content: 'Hi' }] }, { signal })
  return { gateway, clock, ask, mend: () => (aIsDown = false) }
}

test('what a name means, the order of its targets, and what is known of each', async () => {
  const { gateway, ask, clock } = setUp()
  for (let i = 0; i < 3; i++) await ask()
  const explanation = await gateway.explain('z', { signal })
  expect(explanation).toMatchObject({
    asked: 'z',
    name: 'glm',
    resolvedBy: 'alias',
    strategy: 'first',
    isDenied: false,
    healthy: 2,
    fallbacks: [
      { name: 'spare', isKnown: true },
      { name: 'gone', isKnown: false },
    ],
    policies: { onContextTooLong: 'spare' },
    targets: [
      {
        provider: 'b',
        model: 'm',
        state: 'ready',
        inFlight: 0,
        weight: 3,
        price: { input: 1, output: 2 },
        firstTokenMs: 250,
        parsedBecause: 'the provider has no relay',
        credentials: {
          ready: 1,
          cooling: 1,
          disabled: 1,
          earliest: undefined,
          out: [{ id: 'b:2', state: 'cooling', reason: 'rate_limited', until: 5_000 }, { id: 'b:3' }],
        },
      },
      { provider: 'c', fallback: 'spare', firstTokenMs: undefined, parsedBecause: undefined },
      { provider: 'a', state: 'resting', reason: 'failing', lastError: { code: 'upstream_unavailable' } },
    ],
  })
  // It began to rest when the third request came, and the clock has moved since.
  const [, , resting] = explanation?.targets ?? []
  expect(resting?.until).toBe((resting?.lastError?.at ?? 0) + 5_000)
  expect(resting?.until).toBeGreaterThan(clock.now())
})

test('explaining is no request: it claims no probe and counts no call', async () => {
  const { gateway, ask, clock, mend } = setUp()
  for (let i = 0; i < 3; i++) await ask()
  await clock.advance(5_000)
  const order = async () => {
    const found = await gateway.explain('glm', { signal })
    return found?.targets.map(({ provider, state }) => `${provider} ${state}`)
  }
  expect(await order()).toEqual(['a due', 'b ready', 'c ready'])
  expect(await order()).toEqual(['a due', 'b ready', 'c ready'])
  mend()
  await ask()
  expect(await order()).toEqual(['a ready', 'b ready', 'c ready'])
})

test('with the rights of a key: what it may not use, and why', async () => {
  const { gateway } = setUp()
  const explained = async (model: string, models: readonly string[]) => {
    const rights: ClientRights = { id: 'team', models }
    const found = await gateway.explain(model, { signal, rights })
    return [found?.isDenied, ...(found?.targets.map(({ isPermitted }) => isPermitted) ?? [])]
  }
  expect(await explained('glm', ['glm'])).toEqual([false, true, true, false])
  expect(await explained('glm', ['glm', 'spare'])).toEqual([false, true, true, true])
  expect(await explained('glm', ['spare'])).toEqual([true, true, true, true])
})

test('a variant has its own groups, also as a suffix, and a name that nothing serves is none', async () => {
  const { gateway } = setUp()
  const low = { name: 'spare', variant: 'low', strategy: 'random', targets: [{ provider: 'b', model: 'low' }] }
  expect(await gateway.explain('spare', { signal, variant: 'low' })).toMatchObject({ ...low, resolvedBy: 'group' })
  expect(await gateway.explain('spare:low', { signal })).toMatchObject({ ...low, resolvedBy: 'suffix' })
  expect(await gateway.explain('none', { signal })).toBeUndefined()
  expect(await gateway.explain('spare', { signal, variant: 'none' })).toBeUndefined()
})
