import { Secret } from '@dragoman/core'
import type { ClientKey } from '../http/authenticate.ts'
import { definedOf, hasLimits } from '../narrower-rights.ts'
import { readInstant } from './client-schema.ts'
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
  const areAsked = keys.length > 0 || configured === 'keys' || (typeof configured === 'object' && 'keys' in configured)
  const ignored = configured === undefined ? [] : variables.keys.map(({ name }) => name)
  const notices = [
    ...variables.notices,
    ...variables.unread,
    ...(ignored.length > 0 ? [`${ignored.join(', ')}: not used, because ${file} has clients`] : []),
  ]
  if (areAsked) {
    const onRevoke = typeof configured === 'object' && 'keys' in configured ? configured.onRevoke : 'finish'
    return { clients: { mode: 'keys', keys, onRevoke }, problems: [], notices }
  }

  // Where a key was meant to be, what is wrong with it has been said, and its absence is no news.
  if (variables.problems.length > 0) return { clients: { mode: 'open' }, problems: [], notices }

  const problems: string[] = []
  if (variables.keysRequiredBy) {
    const contradiction =
      configured === undefined
        ? `there is none: set AUTH_TOKEN, write clients: keys into ${file}`
        : `${file} says that none is needed`
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
          '(AUTH_TOKEN, clients: { keys: [...] }, or clients: keys for those of `dragoman keys create`), or allow it (DRAGOMAN_OPEN_ON_NETWORK=1, or clients: { open: true, onNetwork: true })',
      )
    }
  }
  return { clients: { mode: 'open' }, problems, notices }
}

function configuredKeys(configured: NonNullable<Config['clients']>): readonly ClientKey[] {
  if (typeof configured === 'string' || !('keys' in configured)) return []
  return configured.keys.map((entry) => {
    const given = typeof entry === 'string' ? { key: entry } : entry
    const name = given.name ?? nameOfUnnamed('key', given.key)
    return { name, key: new Secret(given.key.trim()), ...rightsOf(name, given) }
  })
}

/** What a key of the configuration may do, where that is limited, and until when. */
function rightsOf(id: string, { models, rpm, tpm, budget, allow, expiresAt: until }: Limited) {
  const expiresAt = until === undefined ? undefined : readInstant(until)
  const rights = definedOf({ models, requestsPerMinute: rpm, tokensPerMinute: tpm, budget, allow, expiresAt })
  return definedOf<Pick<ClientKey, 'rights' | 'expiresAt'>>({
    rights: hasLimits(rights) ? { id, ...rights } : undefined,
    expiresAt,
  })
}

type Limited = Partial<
  Exclude<Extract<Exclude<Config['clients'], undefined>, { keys: unknown }>['keys'][number], string>
>
