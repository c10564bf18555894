import { ranked } from './ranked.ts'

interface Place {
  readonly salt: number
  readonly weight: number
}

/**
 * Places in the order in which they suit a key: for each key another order, and each place is first for a share of the
 * keys that is in proportion to its weight. When a place comes or goes, only the keys move for which it is first.
 */
export function rendezvous<P extends Place>(key: string, places: readonly P[]): readonly P[] {
  const hash = hashOf(key)
  return ranked(places, ({ salt, weight }) => -Math.log(unit(hash, salt)) / weight)
}

/** 32 bits of a text (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Above 0 and below 1, from two numbers whose every bit counts (the last step of MurmurHash3). */
function unit(one: number, other: number): number {
  let mixed = one ^ Math.imul(other, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  mixed ^= mixed >>> 16
  return ((mixed >>> 0) + 0.5) / 2 ** 32
}
