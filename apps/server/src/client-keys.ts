import type { ClientSettings } from './config/settings.ts'
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

/** What whoever starts a server should know about its keys; undefined where there is nothing to say. */
export function noticeOfKeys(clients: ClientSettings, areMade: boolean): string | undefined {
  if (clients.mode === 'open') {
    return areMade
      ? 'Client keys were made, and nothing asks for them: write clients: keys into the configuration'
      : undefined
  }
  if (clients.keys.length > 0 || areMade) return undefined
  return 'There is no client key yet, so nobody can use this server: dragoman keys create'
}
