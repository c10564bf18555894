import type { Target } from './deployments.ts'
import { ranked } from './ranked.ts'
import { rendezvous } from './rendezvous.ts'
import type { TargetFacts } from './target-facts.ts'

export const strategies = [
  'first',
  'round-robin',
  'random',
  'weighted',
  'least-busy',
  'fastest',
  'cheapest',
  'affinity',
] as const

/** In what order the deployments of a group are tried. */
export type Strategy = (typeof strategies)[number]

/** A target among those that could be tried first. */
export interface Contender {
  readonly target: Target
  /** What facts are known by. */
  readonly name: string
  /** Tells it apart from all others of its group; the same in every process. */
  readonly salt: number
  /** Its share where the strategy is one that shares out; above 0. */
  readonly weight: number
  /** What ranks it among prices; undefined where none is known, or none is asked for. */
  readonly cost: number | undefined
}

/** What an order may depend on besides the contenders themselves. */
export interface Circumstances {
  /** Undefined for a target that was not called lately. */
  facts(name: string): TargetFacts | undefined
  /** 0 up to 1. */
  random(): number
  /** How many requests for the group there were before this one. */
  readonly turn: number
  /** What requests of one conversation have in common; undefined for one that shares nothing with others. */
  affinityKey(): string | undefined
}

/** All contenders, in the order in which a request should try them. Pure but for what `random` does. */
export function inOrder(
  strategy: Strategy,
  contenders: readonly Contender[],
  circumstances: Circumstances,
): readonly Contender[] {
  if (contenders.length < 2) return contenders
  switch (strategy) {
    case 'first':
      return contenders
    case 'round-robin':
      return rotated(contenders, circumstances.turn)
    case 'random':
      return drawn(contenders, () => 1, circumstances)
    case 'weighted':
      return drawn(contenders, ({ weight }) => weight, circumstances)
    case 'least-busy':
      return leastBusy(contenders, circumstances)
    case 'fastest':
      return fastest(contenders, circumstances)
    case 'cheapest':
      return ranked(contenders, ({ cost }) => cost ?? Number.POSITIVE_INFINITY)
    case 'affinity':
      return byAffinity(contenders, circumstances)
  }
}

/** Takes no notice of weights: every one has its turn. */
function rotated(contenders: readonly Contender[], turn: number): readonly Contender[] {
  const at = turn % contenders.length
  return at === 0 ? contenders : [...contenders.slice(at), ...contenders.slice(0, at)]
}

/** Each place in the order is drawn among those left, with odds by share (Efraimidis and Spirakis). */
function drawn(
  contenders: readonly Contender[],
  shareOf: (contender: Contender) => number,
  circumstances: Circumstances,
): readonly Contender[] {
  return ranked(contenders, (contender) => -Math.log(1 - circumstances.random()) / shareOf(contender))
}

/** Calls under way over the weight. Among those that are alike, as `weighted`, so that quiet times share out too. */
function leastBusy(contenders: readonly Contender[], circumstances: Circumstances): readonly Contender[] {
  return ranked(
    drawn(contenders, ({ weight }) => weight, circumstances),
    (contender) => loadOf(contender, circumstances),
  )
}

function loadOf({ name, weight }: Contender, circumstances: Circumstances): number {
  return (circumstances.facts(name)?.inFlight ?? 0) / weight
}

/** This part of the requests goes to one that is not the fastest, or nobody would learn that it has become so. */
const explorations = 0.02

/** By the time to the first token. Whom nobody knows is tried first, by one request; others do not wait for its outcome. */
function fastest(contenders: readonly Contender[], circumstances: Circumstances): readonly Contender[] {
  const order = ranked(contenders, ({ name }) => {
    const known = circumstances.facts(name)
    return known?.firstTokenMs ?? (known && known.inFlight > 0 ? Number.POSITIVE_INFINITY : -1)
  })
  if (circumstances.random() >= explorations) return order
  const at = 1 + Math.floor(circumstances.random() * (order.length - 1))
  return order.flatMap((contender, index) =>
    index === at ? [] : index === 0 ? [order[at] ?? contender, contender] : contender,
  )
}

/** How much busier than the least busy one a target may be before its conversations go elsewhere. */
const mostTimesBusier = 2
/** So that a few calls more or less move nobody while there is little to do. */
const calmCalls = 4

/**
 * Conversations stay where their prompt cache is, and when a target comes or goes only those move that gain or lose
 * their own. One that is far busier than the others is left aside until it is not.
 */
function byAffinity(contenders: readonly Contender[], circumstances: Circumstances): readonly Contender[] {
  const key = circumstances.affinityKey()
  if (!key) return leastBusy(contenders, circumstances)
  const order = rendezvous(key, contenders)
  let least = Number.POSITIVE_INFINITY
  let busiest = 0
  for (const contender of contenders) {
    const load = loadOf(contender, circumstances)
    least = Math.min(least, load)
    busiest = Math.max(busiest, load)
  }
  const most = mostTimesBusier * least + calmCalls
  if (busiest <= most) return order
  const isFree = (contender: Contender) => loadOf(contender, circumstances) <= most
  return [...order.filter(isFree), ...order.filter((contender) => !isFree(contender))]
}
