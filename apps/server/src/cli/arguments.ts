import { parseArgs } from 'node:util'
import { ConfigError } from '../config/config-error.ts'
import { type LogLevel, logLevels } from '../config/log-level.ts'
import { didYouMean } from '../config/nearest.ts'
import { host, logLevel, port, type Reader } from '../config/readers.ts'
import type { ExplainOptions } from './explain.ts'
import { explainUsage, parseExplain } from './explain-arguments.ts'
import { type KeysCommand, keysUsage, parseKeys } from './keys-arguments.ts'
import type { ReconcileOptions } from './reconcile.ts'
import { parseReconcile, reconcileUsage } from './reconcile-arguments.ts'

/** What the command line says over everything else. */
export interface Flags {
  readonly config?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly logLevel?: LogLevel | undefined
  readonly openOnNetwork?: boolean | undefined
}

export type Command =
  | { readonly name: 'start'; readonly flags: Flags }
  | { readonly name: 'reload'; readonly flags: Flags; readonly dryRun: boolean; readonly newOrigins: boolean }
  | { readonly name: 'config'; readonly action: ConfigAction; readonly flags: Flags }
  | { readonly name: 'explain'; readonly options: ExplainOptions; readonly flags: Flags }
  | { readonly name: 'keys'; readonly command: KeysCommand; readonly flags: Flags }
  | { readonly name: 'reconcile'; readonly options: ReconcileOptions; readonly flags: Flags }
  | { readonly name: 'help' /** Other than the usual one. */; readonly text?: string | undefined }
  | { readonly name: 'version' }

const configActions = ['check', 'schema', 'docs'] as const

export type ConfigAction = (typeof configActions)[number]

const commands = ['start', 'reload', 'config', 'keys', 'explain', 'reconcile', 'help', 'version']

export const usage = `Usage: dragoman [command] [options]

Commands
  start            serve (what happens without a command)
  reload           have the running server read its configuration anew; --dry-run only says what would be otherwise
  config check     say whether the configuration is right, and what is not
  config schema    write the JSON Schema of dragoman.yaml
  config docs      write the reference of dragoman.yaml and the environment
  explain MODEL    say where a request for a model would go now, and why; see explain --help
  keys ACTION      make, list, change and revoke keys for clients; see keys --help
  reconcile FILE   set a provider's bill beside what was recorded; see reconcile --help
  help             write this
  version          write the version

Options
  -c, --config FILE       the configuration file; default dragoman.yaml, where there is one
  -p, --port PORT         the port to listen on; 0 takes any free one
      --host HOST         the address to listen on
      --log-level LEVEL   ${logLevels.join(', ')}
      --open-on-network   let open mode listen where others can reach it
      --dry-run           reload: check everything, change nothing
      --new-origins       reload: keys from files may go to addresses that they did not go to before
  -h, --help              write this
  -v, --version           write the version
`

const options = {
  config: { type: 'string', short: 'c' },
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'log-level': { type: 'string' },
  'open-on-network': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  'new-origins': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** Reads the arguments after the program's own name. Throws a `ConfigError` with one problem for each that is wrong. */
export function parseArguments(argv: readonly string[]): Command {
  if (argv[0] === 'keys') {
    const asked = parseKeys(argv.slice(1), Date.now())
    return asked === 'help' ? { name: 'help', text: keysUsage } : { name: 'keys', ...asked }
  }
  if (argv[0] === 'reconcile') {
    const asked = parseReconcile(argv.slice(1))
    return asked === 'help' ? { name: 'help', text: reconcileUsage } : { name: 'reconcile', ...asked }
  }
  if (argv[0] === 'explain') {
    const asked = parseExplain(argv.slice(1))
    return asked === 'help' ? { name: 'help', text: explainUsage } : { name: 'explain', ...asked }
  }
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    // So that everything that is wrong can be said, and in words of ours.
    strict: false,
    tokens: true,
  })
  const problems = tokens.flatMap((token) => (token.kind === 'option' ? faultOfOption(token) : []))
  const read = <T>(name: keyof typeof options, reader: Reader<T>): T | undefined => {
    const given = values[name]
    if (typeof given !== 'string' || given === '') return undefined
    const value = reader.read(given)
    if (value === undefined) problems.push(`--${name}: expected ${reader.form}, found ${JSON.stringify(given)}`)
    return value
  }
  const flags: Flags = {
    config: typeof values.config === 'string' ? values.config : undefined,
    host: read('host', host),
    port: read('port', port),
    logLevel: read('log-level', logLevel),
    openOnNetwork: values['open-on-network'] === true ? true : undefined,
  }

  const [command = 'start', ...rest] = positionals
  const action = configActions.find((name) => name === rest[0])
  const surplus = rest.slice(command === 'config' ? 1 : 0)
  if (problems.length > 0) {
    // The value of an option that does not exist would pass for a command.
  } else if (!isCommand(command)) {
    problems.push(`there is no command ${JSON.stringify(command)}${didYouMean(command, commands)}`)
  } else if (command === 'config' && !action && !values.help) {
    const hint = didYouMean(rest[0] ?? '', configActions)
    problems.push(
      `config needs one of ${configActions.join(', ')}${rest[0] ? `, found ${JSON.stringify(rest[0])}` : ''}${hint}`,
    )
  } else if (command === 'reconcile') {
    problems.push('reconcile comes before its options: dragoman reconcile FILE …')
  } else if (command === 'keys') {
    problems.push('keys comes before its options: dragoman keys ACTION …')
  } else if (command === 'explain') {
    problems.push('explain comes before its options: dragoman explain MODEL …')
  } else if (surplus.length > 0) {
    problems.push(`${command} takes no ${JSON.stringify(surplus[0])}`)
  }
  for (const name of ['dry-run', 'new-origins'] as const) {
    if (values[name] === true && command !== 'reload') problems.push(`${command} has no option --${name}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)

  if (values.help || command === 'help') return { name: 'help' }
  if (values.version || command === 'version') return { name: 'version' }
  if (command === 'reload') {
    return { name: 'reload', flags, dryRun: values['dry-run'] === true, newOrigins: values['new-origins'] === true }
  }
  return action ? { name: 'config', action, flags } : { name: 'start', flags }
}

function isCommand(name: string): boolean {
  return commands.includes(name)
}

function faultOfOption(token: { name: string; rawName: string; value?: string | undefined }): string[] {
  const type = Object.entries(options).find(([name]) => name === token.name)?.[1].type
  if (!type) {
    const hint = token.rawName.startsWith('--') ? didYouMean(token.name, Object.keys(options)).replace('"', '"--') : ''
    return [`there is no option ${token.rawName}${hint}`]
  }
  if (type === 'string' && !token.value) return [`${token.rawName} needs a value`]
  return type === 'boolean' && token.value !== undefined ? [`${token.rawName} takes no value`] : []
}
