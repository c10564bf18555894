import { join, resolve } from 'node:path'
import { type Clock, isDragomanError, type Provider, type StateStore } from '@dragoman/core'
import {
  type CredentialSource,
  type FoundCredentials,
  type PoolEvent,
  type SessionVault,
  TokenPool,
} from '@dragoman/token-pool'
import { openVault, vaultKey, vaultKeyFile, watchCredentials } from '@dragoman/token-pool/files'
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

export interface CredentialContext {
  readonly settings: Settings
  readonly clock: Clock
  readonly state: StateStore
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>
}

/**
 * A provider's pool, its files read and watched, its vault open. Throws a `ConfigError` where the vault cannot be read:
 * without it sessions would be fetched anew, and the stored ones lost.
 */
export async function openCredentials(
  provider: Provider,
  { id, credentials, credentialsFrom, pool: options }: ProviderSettings,
  fields: CredentialFields,
  { settings, clock, state, log }: CredentialContext,
): Promise<ProviderCredentials> {
  const acquire = provider.acquire?.bind(provider)
  const probe = provider.probe?.bind(provider)
  const pool = new TokenPool({
    ...options,
    name: id,
    maxCooldownMs: settings.maxCooldownMs,
    acquire: acquire && ((source, { signal }) => acquire(source, { signal, state })),
    vault: acquire && (await openSessions(id, settings, clock, log)),
    clock,
    onEvent: (event) => log[levels[event.type]](event, `credential ${event.type}`),
  })
  for (const place of credentialsFrom) if ('directory' in place) refuseOwnFolder(id, place.directory, settings)
  // A service that asks for no key is called all the same.
  const isKeyless = credentials.length + credentialsFrom.length === 0 && fields.check({}) === undefined
  const serve = (found: readonly CredentialSource[]) => {
    pool.set(isKeyless ? [{ values: {}, name: 'none' }] : [...credentials, ...found])
  }
  serve([])
  const watch = watchCredentials({
    sources: credentialsFrom.map((place) => ('text' in place ? { ...place, text: place.text.reveal() } : place)),
    field: fields.field,
    check: fields.check,
    clock,
    onChange: (found) => serve(found.credentials),
    onProblem: (problem) => log.warn(`credentials of ${id}: ${problem}`),
  })
  await watch.ready
  return {
    pool,
    get problems() {
      return watch.problems
    },
    reload: () => watch.reload(),
    ...(probe && {
      check: () => checkCredentials({ pool, clock, probe: (held, signal) => probe(held, { signal, state }) }),
    }),
    async close() {
      watch.close()
      await pool.close()
    },
  }
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
