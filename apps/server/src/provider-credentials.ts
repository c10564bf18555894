import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Clock, type Credential, isDragomanError, type Provider, type StateStore } from '@dragoman/core'
import {
  type CredentialSource,
  type FoundCredentials,
  type PoolEvent,
  type PoolSettings,
  type SessionVault,
  TokenPool,
} from '@dragoman/token-pool'
import { type CredentialWatch, openVault, vaultKey, vaultKeyFile, watchCredentials } from '@dragoman/token-pool/files'
import type { Logger } from 'pino'
import { type CheckedCredential, checkCredentials } from './check-credentials.ts'
import { ConfigError } from './config/config-error.ts'
import type { CredentialFields } from './config/credential-fields.ts'
import type { ProviderSettings, Settings } from './config/settings.ts'

/** The credentials of one provider, as the server looks after them. */
export interface ProviderCredentials {
  readonly pool: TokenPool
  /** What could not be used when its sources were read last: where, and why. Without secrets. */
  readonly problems: readonly string[]
  /** Reads files and folders anew, now. */
  reload(): Promise<FoundCredentials>
  /** Asks the service about each; absent where it has nothing that could be asked. */
  check?(): Promise<readonly CheckedCredential[]>
  /** Resolves when sessions that are being stored have been stored. */
  close(): Promise<void>
}

export interface OpenedCredentials extends ProviderCredentials {
  /**
   * Reads what another configuration of the same provider, for the same places, says of its credentials. What is the
   * same keeps its state, and leases that run are counted on.
   */
  change(configured: ProviderSettings, provider: Provider, settings: Settings): Promise<CredentialChange>
}

/** Another configuration of the same credentials, read and waiting. */
export interface CredentialChange {
  /** From now on it counts. Does not throw. */
  adopt(): void
  /** Takes the place of `adopt`. */
  discard(): void
}

export interface CredentialEvent {
  readonly provider: string
  readonly event: PoolEvent
  readonly pool: TokenPool
}

export interface CredentialContext {
  readonly settings: Settings
  readonly clock: Clock
  readonly state: StateStore
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>
  /** Told of what happens to credentials, beside the log. Must not throw. */
  readonly onCredential?: ((event: CredentialEvent) => void) | undefined
  /** Where the provider sends credentials: their sessions are found again only for the same. */
  readonly places?: string | undefined
}

/**
 * A provider's pool, its files read and watched, its vault open. Throws a `ConfigError` where the vault cannot be read:
 * without it sessions would be fetched anew, and the stored ones lost.
 */
export async function openCredentials(
  provider: Provider,
  configured: ProviderSettings,
  fields: CredentialFields,
  context: CredentialContext,
): Promise<OpenedCredentials> {
  const { id } = configured
  const { settings, clock, state, log, places } = context
  let current = { provider, configured, pool: poolSettings(configured, settings) }
  const acquire = async (source: Credential, signal: AbortSignal) => {
    const session = await current.provider.acquire?.(source, { signal, state })
    if (!session) throw new Error(`${id} does not sign in`) // one that does is never replaced by one that does not
    return session
  }
  const pool = new TokenPool({
    ...current.pool,
    name: id,
    acquire: provider.acquire && ((source, { signal }) => acquire(source, signal)),
    vault: provider.acquire && (await openSessions(id, settings, clock, log)),
    places,
    clock,
    onEvent(event) {
      log[levels[event.type]](event, `credential ${event.type}`)
      context.onCredential?.({ provider: id, event, pool })
    },
  })
  const isKeyless = () => {
    const { credentials, credentialsFrom } = current.configured
    return credentials.length + credentialsFrom.length === 0 && fields.check({}) === undefined
  }
  // A service that asks for no key is called all the same.
  const list = (found: readonly CredentialSource[]) => {
    pool.set(isKeyless() ? [{ values: {}, name: 'none' }] : [...current.configured.credentials, ...found])
  }
  list([])
  const reading = (next: ProviderSettings) => readSources(next, fields, context, () => list(sources.found))
  let sources = reading(configured)
  await sources.ready
  list(sources.found)
  return {
    pool,
    get problems() {
      return sources.watch.problems
    },
    reload: () => sources.watch.reload(),
    ...(provider.probe && {
      async check() {
        const probe = async (held: Credential, signal: AbortSignal) =>
          (await current.provider.probe?.(held, { signal, state })) ?? 'challenged'
        return checkCredentials({ pool, clock, probe })
      },
    }),
    async change(next, nextProvider, nextSettings) {
      const isReadAnew = !isSameSources(next, current.configured)
      const prepared = isReadAnew ? reading(next) : sources
      await prepared.ready
      return {
        adopt() {
          if (isReadAnew) sources.watch.close()
          sources = prepared
          const wanted = poolSettings(next, nextSettings)
          if (!isDeepStrictEqual(wanted, current.pool)) pool.configure(wanted)
          current = { provider: nextProvider, configured: next, pool: wanted }
          list(sources.found)
        },
        discard() {
          if (isReadAnew) prepared.watch.close()
        },
      }
    },
    async close() {
      sources.watch.close()
      await pool.close()
    },
  }
}

function poolSettings({ pool }: ProviderSettings, { maxCooldownMs }: Settings): PoolSettings {
  return { ...pool, maxCooldownMs }
}

interface Sources {
  readonly watch: CredentialWatch
  /** What was read last. */
  readonly found: readonly CredentialSource[]
  readonly ready: Promise<unknown>
}

function readSources(
  { id, credentialsFrom }: ProviderSettings,
  fields: CredentialFields,
  { settings, clock, log }: CredentialContext,
  onChange: () => void,
): Sources {
  for (const place of credentialsFrom) if ('directory' in place) refuseOwnFolder(id, place.directory, settings)
  let found: readonly CredentialSource[] = []
  let isRead = false
  const watch = watchCredentials({
    sources: credentialsFrom.map((place) => ('text' in place ? { ...place, text: place.text.reveal() } : place)),
    field: fields.field,
    check: fields.check,
    clock,
    onChange({ credentials }) {
      found = credentials
      // The first reading is for whoever waits for it, and may not count yet.
      if (isRead) onChange()
    },
    onProblem: (problem) => log.warn(`credentials of ${id}: ${problem}`),
  })
  const ready = watch.ready.then(() => {
    isRead = true
  })
  return {
    watch,
    get found() {
      return found
    },
    ready,
  }
}

/** What a file gave before it was lost is known to who has read it. */
function isSameSources(one: ProviderSettings, other: ProviderSettings): boolean {
  const plain = ({ credentialsFrom }: ProviderSettings) =>
    credentialsFrom.map((place) => ('text' in place ? { ...place, text: place.text.reveal() } : place))
  return isDeepStrictEqual(plain(one), plain(other))
}

/** Every file of such a folder is a list of credentials, which would be sent to the service. */
function refuseOwnFolder(provider: string, directory: string, { paths }: Settings): void {
  const own = [paths.store, paths.sessions].find((path) => resolve(directory) === path)
  if (own === undefined) return
  const problem = `${directory} is where the server keeps keys of its own: put these credentials into another folder`
  throw new ConfigError([`providers.${provider}.credentialsFrom: ${problem}`])
}

/** How much each event matters to whoever reads the log. */
const levels: Readonly<Record<PoolEvent['type'], 'debug' | 'info' | 'warn'>> = {
  added: 'debug',
  removed: 'debug',
  recovered: 'info',
  refreshed: 'info',
  'session-taken': 'info',
  cooling: 'warn',
  disabled: 'warn',
  'refresh-failed': 'warn',
  'not-stored': 'warn',
}

async function openSessions(
  name: string,
  settings: Settings,
  clock: Clock,
  log: CredentialContext['log'],
): Promise<SessionVault> {
  const { vaultKey: configured, previousVaultKeys, paths } = settings
  const onNotice = (notice: string) => log.warn(notice)
  try {
    const key = configured
      ? vaultKey(configured.reveal())
      : await vaultKeyFile(join(paths.store, 'sessions.key'), { clock, onNotice })
    const previousKeys = previousVaultKeys.map((previous) => vaultKey(previous.reveal()))
    return await openVault({ directory: paths.sessions, name, key, previousKeys, clock, onNotice })
  } catch (error) {
    if (isDragomanError(error)) throw new ConfigError([`providers.${name}: ${error.message}`])
    throw error
  }
}
