import { ConfigError } from '../config/config-error.ts'
import { host, port, type Reader } from '../config/readers.ts'
import type { Flags } from './arguments.ts'
import { commandOptions } from './command-options.ts'
import type { ExplainOptions } from './explain.ts'

const options = {
  config: { type: 'string', short: 'c' },
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  variant: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export const explainUsage = `Usage: dragoman explain MODEL [options]

Says where a request for a model would go now, in which order, who is out and why: without a request. The running
server is asked; where none runs, the configuration is explained as it would be right after a start.

Options
      --variant VARIANT   of requests to /VARIANT/v1
      --key NAME          of requests with this client key
      --json              for programs
  -c, --config FILE       the configuration file; default dragoman.yaml, where there is one
  -p, --port PORT         the port that the server listens on, where the configuration does not say it
      --host HOST         its address
  -h, --help              write this
`

/** What follows `explain`. Throws a `ConfigError` with one problem for each thing that is wrong. */
export function parseExplain(
  argv: readonly string[],
): { readonly flags: Flags; readonly options: ExplainOptions } | 'help' {
  const { given, has, positionals, problems } = commandOptions('explain', options, argv)
  if (has('help')) return 'help'
  const read = <T>(name: keyof typeof options, reader: Reader<T>): T | undefined => {
    const text = given(name)
    const value = text ? reader.read(text) : undefined
    if (text && value === undefined) problems.push(`--${name}: expected ${reader.form}, found ${JSON.stringify(text)}`)
    return value
  }
  const flags: Flags = { config: given('config'), host: read('host', host), port: read('port', port) }
  const [model, surplus] = positionals
  if (model === undefined) problems.push('explain needs the name of a model')
  if (surplus !== undefined) problems.push(`explain takes one model, found ${JSON.stringify(surplus)} too`)
  if (problems.length > 0 || model === undefined) throw new ConfigError(problems)
  return { flags, options: { model, variant: given('variant'), key: given('key'), json: has('json') } }
}
