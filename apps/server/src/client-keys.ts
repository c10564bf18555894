import { type ClientKey, digestOf, type FindClient, knownKeys } from './http/authenticate.ts'
import type { MadeKeys } from './made-keys.ts'

/** Finds who brought a key: one of the configuration, else one that was made. */
export function clientFinder(configured: readonly ClientKey[], made: MadeKeys | undefined): FindClient {
  const known = knownKeys(configured)
  return (given) => {
    const remembered = known.recall(given) ?? made?.recall(given)
    if (remembered !== undefined) return remembered
    const digest = digestOf(given)
    return known.find(given, digest) ?? made?.find(given, digest)
  }
}
