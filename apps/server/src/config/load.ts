import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { ProviderFactory } from '@dragoman/core'
import type { z } from 'zod'
import type { Flags } from '../cli/arguments.ts'
import type { DiscoverablePreset } from '../discover.ts'
import { assemble } from './assemble.ts'
import { readClientVariables } from './client-variables.ts'
import { resolveClients } from './clients.ts'
import { ConfigError } from './config-error.ts'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { checkTogether, crossCheck } from './cross-check.ts'
import { type EnvironmentSettings, readEnvironment } from './environment.ts'
import { protect, readOptional } from './files.ts'
import { findProviders, withModels } from './find-providers.ts'
import { toJsonSchema } from './json-schema.ts'
import { overlaid, ownPort, sectionsOf, setHost, usedVariables } from './layers.ts'
import { unusedBesideFile } from './made-providers.ts'
import { parseFilled } from './parse-filled.ts'
import { explain, type Problem } from './problems.ts'
import { type FindingTypes, type FoundProvider, namedProviders } from './providers.ts'
import { readFlag } from './readers.ts'
import { configSchema } from './schema.ts'
import { formatPath, withoutSecrets } from './secret-paths.ts'
import type { Settings } from './settings.ts'
import { mapAt, valueAt } from './values.ts'
import { createVariables, type Variables } from './variables.ts'

export interface LoadOptions {
  readonly flags?: Flags | undefined
  /** `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where `dragoman.yaml` and `.env` are looked for, and from where paths count. */
  readonly cwd: string
  /** The types of provider, by their ids, each loaded when it is needed. */
  readonly factories: Readonly<Record<string, () => Promise<ProviderFactory>>>
  /** What can be found without being configured. */
  readonly presets: () => Promise<Readonly<Record<string, DiscoverablePreset>>>
  /** The types that findings become. Default: `openai-compatible`, and `demo` as the one that is always there. */
  readonly findingTypes?: FindingTypes | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Settings from the command line, `DRAGOMAN_*`, the file, the other variables and the defaults, the first that says
 * something counting; `.env` stands behind the environment. Throws a `ConfigError` with every problem there is.
 */
export async function loadSettings(options: LoadOptions): Promise<Settings> {
  const { flags = {}, cwd, findingTypes = { preset: 'openai-compatible', builtIn: 'demo' } } = options
  const dotEnv = await readDotEnv(cwd)
  const variables = createVariables(options.env, dotEnv.values)
  const file = await readConfigFile(cwd, flags.config ?? nonEmpty('DRAGOMAN_CONFIG', variables), variables)
  const environment = readEnvironment(variables)
  const clientVariables = await readClientVariables(variables, cwd)
  const presets = await options.presets()

  const findings = hasProviders(file)
    ? undefined
    : await findProviders(
        { presets, variables, ownPort: ownPort(flags, environment, file.value), signal: options.signal },
        findingTypes,
      )
  const found = findings?.providers
  const entries = found ? entriesOf(found) : mapAt(file.value, ['providers'])
  const factories = await loadFactories(options.factories, entries)
  const schema = configSchema([...factories.values()])

  const refusal = (ofFile: readonly Problem[], others: readonly string[] = []) => {
    const ofVariables = [...environment.problems, ...(findings?.problems ?? []), ...clientVariables.problems]
    const lines = [...ofVariables, ...file.describe(ofFile), ...others]
    return new ConfigError(withoutSecrets(lines, { ...mapAt(file.value, []), providers: entries }))
  }
  const explained = (issues: readonly z.core.$ZodIssue[], value: unknown) =>
    explain(issues, { schema: toJsonSchema(schema), value, filledBy: file.filledBy })

  // The file by itself, so that what is wrong in it is said even where something else beats it.
  const parsed = parseFilled(schema, file.value, file.filledBy)
  const providers = namedProviders(found ? entries : mapAt(parsed.value, ['providers']), file.leftOut, factories)
  const context = { providers, factories, filledBy: file.filledBy }
  const named = withModels(parsed.value, findings?.models ?? [])
  const problems = [
    ...file.problems,
    ...(parsed.ok ? [] : explained(parsed.issues, parsed.value)),
    ...crossCheck({ ...context, value: named }),
  ]
  if (!parsed.ok) throw refusal(problems)

  const layers = [environment.underFile, mapAt(named, []), environment.overFile, sectionsOf(flags)]
  const layered = { ...overlaid(layers), ...(found ? { providers: entries } : {}) }
  const whole = parseFilled(schema, layered, file.filledBy)
  if (!whole.ok) {
    // The file is right, so it is something that was found.
    throw refusal(
      problems,
      explained(whole.issues, whole.value).map(({ path, problem }) => {
        const variables = variablesOf(path, environment, found)
        return `${formatPath(path)}, ${variables ? `from ${variables.join(', ')}` : 'as found'}: ${problem}`
      }),
    )
  }
  const config = whole.output

  const { clients, ...answer } = resolveClients({
    configured: config.clients,
    file: file.name,
    variables: clientVariables,
    host: config.server.host,
    hostSetBy: setHost(flags, environment, file),
    openOnNetwork: flags.openOnNetwork ?? readFlag(nonEmpty('DRAGOMAN_OPEN_ON_NETWORK', variables) ?? ''),
  })
  const complaints = refusal([...problems, ...checkTogether(config, clients.mode)], answer.problems)
  if (complaints.problems.length > 0) throw complaints

  const unused = found ? [] : unusedBesideFile(variables, (name) => file.refersTo.has(name))
  const settings = assemble({
    config,
    clients,
    cwd,
    discovery: findings?.discovery,
    found,
    presets,
    context,
    variables,
    findingTypes,
  })
  return {
    ...settings,
    notices: [
      ...dotEnv.notices,
      ...file.notices,
      ...environment.notices,
      ...answer.notices,
      ...(unused.length > 0 ? [`${unused.join(', ')}: not used, because ${file.name} has providers`] : []),
      ...settings.notices,
    ],
    configFile: file.isThere ? file.name : undefined,
    sources: [
      ...(file.isThere ? [file.name] : []),
      ...(dotEnv.values ? ['.env'] : []),
      ...usedVariables(environment, file.value),
      ...(config.clients === undefined ? clientVariables.sources : []),
    ],
  }
}

export async function readDotEnv(cwd: string): Promise<{ values?: NodeJS.Dict<string>; notices: readonly string[] }> {
  const path = resolve(cwd, '.env')
  const text = await readOptional(path)
  if (text === undefined) return { notices: [] }
  const unread = unreadLines(text)
  if (unread.length > 0) throw new ConfigError(unread.map((line) => `.env:${line}: expected NAME=value`))
  const repaired = await protect(path, '.env')
  return { values: parseEnv(text), notices: repaired ? [repaired] : [] }
}

/** Lines that say nothing to whoever reads the file, such as `NAME: value`: what was meant would silently be missing. */
function unreadLines(text: string): number[] {
  // A quoted value may go over several lines.
  const flat = text.replace(
    /(=[^\S\n]*)(["'`])((?:(?!\2)[\s\S])*)\2/g,
    (_whole, start: string, _quote, inside: string) => {
      return `${start}${'\n#'.repeat(inside.split('\n').length - 1)}`
    },
  )
  return flat.split('\n').flatMap((line, index) => {
    return /^\s*(#.*)?$|^\s*(export\s+)?[\w.-]+\s*=/.test(line) ? [] : [index + 1]
  })
}

function nonEmpty(name: string, variables: Variables): string | undefined {
  return variables.get(name)?.trim() || undefined
}

/** The variables that a place of the configuration is from, as messages call them; undefined where it is from none. */
function variablesOf(
  [section, key, inside]: readonly PropertyKey[],
  environment: EnvironmentSettings,
  found: ReadonlyMap<string, FoundProvider> | undefined,
): readonly string[] | undefined {
  if (section === 'providers') return found?.get(String(key))?.setBy?.get(String(inside))
  const label = environment.setBy.get(`${String(section)}.${String(key)}`)
  return label === undefined ? undefined : [label]
}

/** An empty section asks for nothing, and so does not keep the server from looking for itself. */
function hasProviders(file: ConfigFile): boolean {
  const section = valueAt(file.value, ['providers'])
  const isEmpty = !Array.isArray(section) && Object.keys(mapAt(section, [])).length === 0
  return section !== undefined && (!isEmpty || file.leftOut.size > 0)
}

function entriesOf(found: ReadonlyMap<string, FoundProvider>): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...found].map(([id, { entry }]) => [id, entry]))
}

/** Those that are used; all of them where an unknown type is, so that the message can name them. */
async function loadFactories(
  factories: LoadOptions['factories'],
  entries: Readonly<Record<string, unknown>>,
): Promise<ReadonlyMap<string, ProviderFactory>> {
  const types = Object.values(entries).map((entry) => valueAt(entry, ['type']))
  const isComplete = types.every((type) => typeof type === 'string' && Object.hasOwn(factories, type))
  const needed = Object.entries(factories).filter(([type]) => !isComplete || types.includes(type))
  const loaded = await Promise.all(needed.map(async ([type, load]) => [type, await load()] as const))
  return new Map(loaded)
}
