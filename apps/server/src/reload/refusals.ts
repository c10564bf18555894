import type { Secret } from '@dragoman/core'
import { isLoopback } from '../config/loopback.ts'
import type { CredentialPlace, ProviderSettings, Settings } from '../config/settings.ts'
import { originsIn, placesOf } from '../provider-places.ts'

export interface RefusalContext {
  readonly adminKey?: Secret | undefined
  /** The operator has said that keys may go to addresses that they did not go to before. */
  readonly newOrigins: boolean
}

/** What is right by itself and must not be applied to a server that runs as `running` says; one sentence each. Pure. */
export function refusals(running: Settings, next: Settings, { adminKey, newOrigins }: RefusalContext): string[] {
  return [
    ...openToOthers(running, next),
    ...sharedKey(next, adminKey),
    ...(newOrigins ? [] : keysForNewOrigins(running, next)),
  ]
}

/** The check of the configuration looked at the address in it, which is not the one that is listened on. */
function openToOthers({ server }: Settings, next: Settings): string[] {
  if (next.clients.mode !== 'open' || server.host === next.server.host || isLoopback(server.host)) return []
  return [
    `clients: open mode cannot begin while the server listens on ${server.host}, where others reach it; ` +
      `server.host changes with a restart`,
  ]
}

function sharedKey({ clients }: Settings, adminKey: Secret | undefined): string[] {
  if (clients.mode !== 'keys' || !adminKey) return []
  const same = clients.keys.find(({ key }) => key.reveal().trim() === adminKey.reveal())
  return same ? [`clients.keys: the key ${same.name} is the admin key, and could do everything: make another one`] : []
}

/**
 * Keys that stand beside an address are meant for it by whoever wrote both. Those that stand elsewhere, in a file, a
 * folder or a variable, were meant for the address that was there before: that somebody changes it must not be enough to
 * have them sent to him.
 */
function keysForNewOrigins(running: Settings, next: Settings): string[] {
  const known = new Map<string, Set<string>>()
  for (const provider of running.providers) {
    for (const place of provider.credentialsFrom) {
      const name = nameOf(place)
      const places = known.get(name) ?? new Set<string>()
      for (const address of placesOf(provider, running)) places.add(address)
      known.set(name, places)
    }
  }
  return next.providers.flatMap((provider) => {
    const places = placesOf(provider, next)
    const moved = provider.credentialsFrom.map(nameOf).filter((name) => {
      const before = known.get(name)
      return before !== undefined && !places.every((address) => before.has(address))
    })
    return moved.length > 0 ? [sentence(provider, moved, next)] : []
  })
}

function sentence({ id, options }: ProviderSettings, places: readonly string[], { models }: Settings): string {
  const all = models.flatMap(({ deployments }) =>
    deployments.flatMap((deployment) => (deployment.provider === id && deployment.options ? [deployment.options] : [])),
  )
  const origins = [...new Set([options, ...all].flatMap(originsIn))].join(', ') || 'another address'
  return (
    `providers.${id}: the keys from ${places.join(', ')} would be sent to ${origins}, where they were not sent before; ` +
    'if that is meant, reload with `dragoman reload --new-origins`, or restart'
  )
}

function nameOf(place: CredentialPlace): string {
  return 'file' in place ? place.file : 'directory' in place ? place.directory : place.from
}
