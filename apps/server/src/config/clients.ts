import { Secret } from '@dragoman/core'
import type { ClientVariables } from './client-variables.ts'
import { isLoopback } from './loopback.ts'
import type { Config } from './schema.ts'
import type { ClientSettings } from './settings.ts'
import { nameOfUnnamed } from './unnamed-key.ts'

export interface ClientQuestion {
  /** `clients` of the file. */
  readonly configured: Config['clients']
  /** How messages call the file. */
  readonly file: string
  readonly variables: ClientVariables
  readonly host: string
  /** What set the host: `--host`, a variable, the file. */
  readonly hostSetBy?: string | undefined
  /** From the command line or DRAGOMAN_OPEN_ON_NETWORK; undefined where neither says anything. */
  readonly openOnNetwork: boolean | undefined
}

export interface ClientAnswer {
  readonly clients: ClientSettings
  /** Besides those that reading the variables has found. */
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

/**
 * Who may use the server. What the file says counts; without it keys are asked for where a variable has one. Open mode
 * beyond this machine has to be wanted.
 */
export function resolveClients(question: ClientQuestion): ClientAnswer {
  const { configured, file, variables, host } = question
  const keys = configured === undefined ? variables.keys : configuredKeys(configured)
  const ignored = configured === undefined ? [] : variables.keys.map(({ name }) => name)
  const notices = [
    ...variables.notices,
    ...variables.unread,
    ...(ignored.length > 0 ? [`${ignored.join(', ')}: not used, because ${file} has clients`] : []),
  ]
  if (keys.length > 0) return { clients: { mode: 'keys', keys }, problems: [], notices }

  // Where a key was meant to be, what is wrong with it has been said, and its absence is no news.
  if (variables.problems.length > 0) return { clients: { mode: 'open' }, problems: [], notices }

  const problems: string[] = []
  if (variables.keysRequiredBy) {
    const contradiction =
      configured === undefined ? 'there is none: set AUTH_TOKEN' : `${file} says that none is needed`
    problems.push(`${variables.keysRequiredBy} asks for a client key, and ${contradiction}, or remove the variable`)
  }
  const configuredOpen = typeof configured === 'object' && 'onNetwork' in configured ? configured.onNetwork : undefined
  const isAllowed = question.openOnNetwork ?? configuredOpen ?? false
  if (!isLoopback(host)) {
    const where = question.hostSetBy ? `${host} (${question.hostSetBy})` : host
    if (isAllowed) notices.push(`Open on ${where}: whoever reaches this address uses your providers, without a key`)
    else {
      problems.push(
        `Open mode on ${where} would let everybody who reaches this address use your providers: set a client key ` +
          '(AUTH_TOKEN, or clients: { keys: [...] }), or allow it (DRAGOMAN_OPEN_ON_NETWORK=1, or clients: { open: true, onNetwork: true })',
      )
    }
  }
  return { clients: { mode: 'open' }, problems, notices }
}

type Keys = Extract<ClientSettings, { mode: 'keys' }>['keys']

function configuredKeys(configured: NonNullable<Config['clients']>): Keys {
  if (configured === 'open' || !('keys' in configured)) return []
  return configured.keys.map((entry) => {
    const { key, name = nameOfUnnamed('key', key) } = typeof entry === 'string' ? { key: entry } : entry
    return { name, key: new Secret(key.trim()) }
  })
}
