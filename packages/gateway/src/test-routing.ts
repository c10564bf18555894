import type { Provider } from '@dragoman/core'
import type { ProviderEntry, Target } from './deployments.ts'
import type { Health } from './health.ts'
import { hashOf } from './rendezvous.ts'
import type { Rules, View } from './router.ts'
import { staticCredentials } from './static-credentials.ts'
import type { Contender } from './strategies.ts'

/** A provider that is never called. */
export function entryOf(id: string): ProviderEntry {
  const provider: Provider = { id, chat: () => (async function* () {})(), close: async () => {} }
  return { id, provider, credentials: staticCredentials([]) }
}

export function targetOf(name: string): Target {
  const [id = '', model = ''] = name.split('/')
  return { entry: entryOf(id), model }
}

/** Named `p/0` and so on, by weight. */
export function contendersOf(weights: readonly number[]): readonly Contender[] {
  return weights.map((weight, index) => {
    const name = `p/${index}`
    return { target: targetOf(name), name, salt: hashOf(name), weight, cost: undefined }
  })
}

export const plainRules: Rules = { defaultStrategy: 'first', price: () => undefined }

/** Nothing has happened yet, and nothing is left to chance. */
export function viewOf(view: Partial<View> & { health?: Health | undefined } = {}): View {
  const { health } = view
  return {
    facts: (name) => health?.of(name),
    now: 0,
    turn: 0,
    random: () => 0.5,
    affinityKey: () => undefined,
    ...view,
  }
}

/** The same numbers each time, 0 up to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
