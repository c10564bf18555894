import { parseArgs } from 'node:util'
import { instant, modelPattern, readInstant, timeZone } from '../config/client-schema.ts'
import { ConfigError } from '../config/config-error.ts'
import { didYouMean } from '../config/nearest.ts'
import type { KeyRequest } from '../key-changes.ts'
import { definedOf } from '../narrower-rights.ts'
import type { Flags } from './arguments.ts'

export type KeysCommand =
  | { readonly action: 'create'; readonly request: KeyRequest; readonly parent: string | undefined }
  | { readonly action: 'list'; readonly isAll: boolean; readonly isJson: boolean }
  | { readonly action: 'show'; readonly id: string; readonly isJson: boolean }
  | { readonly action: 'update'; readonly id: string; readonly request: KeyRequest }
  | { readonly action: 'revoke'; readonly id: string }

type Action = KeysCommand['action']

export const keysUsage = `Usage: dragoman keys ACTION [options]

Makes and revokes keys for clients, also while the server runs. A new key is written to stdout, this once: what is kept
is its digest.

Actions
  create            make a key
  list              the keys that can be used; with --all also those that were revoked or have expired
  show ID           one key
  update ID         change what a key may do; a limit is taken away with none, as in --rpm none
  revoke ID         for good

Options of create and update
      --name NAME           for people
      --models A,B*         the only models it may use; a * at the end stands for the rest of the name
      --rpm N               requests in a minute
      --tpm N               tokens in a minute, prompt and completion together
      --budget-day USD      US dollars in a day
      --budget-month USD    the same in a month
      --tokens-day N        tokens in a day
      --tokens-month N      the same in a month
      --time-zone ZONE      whose days and months these are, such as Europe/Oslo; default UTC
      --hosted-tools        it may use the upstreams' own tools and plugins; --no-hosted-tools: it may not
      --expires WHEN        12h, 30d, or a time such as 2027-01-31 or 2027-01-31T18:00:00Z
      --parent ID           create: a key that it may do no more than, and with which it ends
      --disable, --enable   update: switches it off, and on again

Options
      --json                list and show: for programs
      --all                 list: all of them
  -c, --config FILE         the configuration file, for its store.path; default dragoman.yaml, where there is one
  -h, --help                write this
`

const changing: readonly Action[] = ['create', 'update']
const options: Readonly<Record<string, { type: 'string' | 'boolean'; short?: string; for?: readonly Action[] }>> = {
  name: { type: 'string', for: changing },
  models: { type: 'string', for: changing },
  rpm: { type: 'string', for: changing },
  tpm: { type: 'string', for: changing },
  'budget-day': { type: 'string', for: changing },
  'budget-month': { type: 'string', for: changing },
  'tokens-day': { type: 'string', for: changing },
  'tokens-month': { type: 'string', for: changing },
  'time-zone': { type: 'string', for: changing },
  'hosted-tools': { type: 'boolean', for: changing },
  'no-hosted-tools': { type: 'boolean', for: changing },
  expires: { type: 'string', for: changing },
  parent: { type: 'string', for: ['create'] },
  disable: { type: 'boolean', for: ['update'] },
  enable: { type: 'boolean', for: ['update'] },
  json: { type: 'boolean', for: ['list', 'show'] },
  all: { type: 'boolean', for: ['list'] },
  config: { type: 'string', short: 'c' },
  help: { type: 'boolean', short: 'h' },
}

const actions: readonly Action[] = ['create', 'list', 'show', 'update', 'revoke']

/** What follows `keys`; `now` in Unix milliseconds. Throws a `ConfigError` with one problem for each that is wrong. */
export function parseKeys(
  argv: readonly string[],
  now: number,
): { readonly command: KeysCommand; readonly flags: Pick<Flags, 'config'> } | 'help' {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    strict: false, // so that all that is wrong can be said, and in words of ours
    tokens: true,
  })
  if (values.help === true) return 'help'
  const problems: string[] = []
  const [asked, id, ...surplus] = positionals
  const action = actions.find((name) => name === asked)
  for (const token of tokens) if (token.kind === 'option') problems.push(...faultOf(token, action))
  if (!action) {
    const found = asked === undefined ? '' : `, found ${JSON.stringify(asked)}${didYouMean(asked, actions)}`
    if (problems.length === 0) problems.push(`keys needs one of ${actions.join(', ')}${found}`)
    throw new ConfigError(problems)
  }
  const needsId = action === 'show' || action === 'update' || action === 'revoke'
  if (needsId && id === undefined) problems.push(`keys ${action} needs the id of a key; see dragoman keys list`)
  const extra = needsId ? surplus[0] : id
  if (extra !== undefined) problems.push(`keys ${action} takes no ${JSON.stringify(extra)}`)

  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  const request = changing.includes(action) ? requestOf(text, values, problems, now) : { rights: {} }
  if (
    action === 'update' &&
    Object.keys(definedOf({ ...request, rights: undefined, ...request.rights })).length === 0
  ) {
    problems.push('keys update needs something to change; see dragoman keys --help')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { command: commandOf(action, id ?? '', request, text('parent'), values), flags: { config: text('config') } }
}

function commandOf(
  action: Action,
  id: string,
  request: KeyRequest,
  parent: string | undefined,
  { json, all }: Readonly<Record<string, unknown>>,
): KeysCommand {
  switch (action) {
    case 'create':
      return { action, request, parent }
    case 'list':
      return { action, isAll: all === true, isJson: json === true }
    case 'show':
      return { action, id, isJson: json === true }
    case 'update':
      return { action, id, request }
    case 'revoke':
      return { action, id }
  }
}

function requestOf(
  text: (name: string) => string | undefined,
  values: Readonly<Record<string, unknown>>,
  problems: string[],
  now: number,
): KeyRequest {
  /** Null for `none`. */
  const read = <T>(name: string, form: string, reader: (given: string) => T | undefined): T | null | undefined => {
    const given = text(name)
    if (given === undefined || given === '') return undefined
    if (given === 'none') return null
    const value = reader(given)
    if (value === undefined) problems.push(`--${name}: expected ${form}, or none, found ${JSON.stringify(given)}`)
    return value
  }
  const whole = (name: string) => read(name, 'a whole number from 1', wholeOf)
  const money = (name: string) => read(name, 'US dollars, more than 0', moneyOf)
  const both = (one: string, other: string): boolean | undefined => {
    if (values[one] === true && values[other] === true) problems.push(`--${one} and --${other} are opposites`)
    return values[one] === true ? true : values[other] === true ? false : undefined
  }
  const budget = definedOf({
    day: money('budget-day'),
    month: money('budget-month'),
    tokensPerDay: whole('tokens-day'),
    tokensPerMonth: whole('tokens-month'),
    timeZone: read('time-zone', 'a time zone such as Europe/Oslo', (zone) =>
      timeZone.safeParse(zone).success ? zone : undefined,
    ),
  })
  const hostedTools = both('hosted-tools', 'no-hosted-tools')
  const rights = definedOf({
    models: read('models', 'names, separated by commas', modelsOf),
    requestsPerMinute: whole('rpm'),
    tokensPerMinute: whole('tpm'),
    budget: Object.keys(budget).length > 0 ? budget : undefined,
    allow: hostedTools === undefined ? undefined : { hostedTools },
    expiresAt: read('expires', '30d, 12h or a time such as 2027-01-31', (given) => timeOf(given, now)),
  })
  return { name: read('name', 'a name', (name) => name), rights, isDisabled: both('disable', 'enable') }
}

function faultOf(
  token: { name: string; rawName: string; value?: string | undefined },
  action: Action | undefined,
): readonly string[] {
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
  if (!option) {
    return [`keys has no option ${token.rawName}${didYouMean(token.name, Object.keys(options)).replace('"', '"--')}`]
  }
  if (option.type === 'string' && !token.value) return [`${token.rawName} needs a value`]
  if (option.type === 'boolean' && token.value !== undefined) return [`${token.rawName} takes no value`]
  return option.for && action && !option.for.includes(action) ? [`keys ${action} has no option ${token.rawName}`] : []
}

function wholeOf(text: string): number | undefined {
  const value = Number(text)
  return /^\d{1,15}$/.test(text) && value >= 1 ? value : undefined
}

function moneyOf(text: string): number | undefined {
  const value = Number(text)
  return /^\d{1,12}(\.\d+)?$/.test(text) && value > 0 ? value : undefined
}

function modelsOf(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim())
  return names.every((name) => modelPattern.safeParse(name).success) ? names : undefined
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function timeOf(text: string, now: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  if (count !== undefined) return now + Number(count) * (units[unit] ?? 0)
  return instant.safeParse(text).success ? readInstant(text) : undefined
}
