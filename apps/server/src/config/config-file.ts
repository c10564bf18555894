import { readDocument } from './document.ts'
import { findConfigFile, isReadableByOthers } from './files.ts'
import { type FilledBy, interpolate } from './interpolate.ts'
import type { Problem } from './problems.ts'
import { formatPath, secretsIn } from './secret-paths.ts'
import { listAt, mapAt, valueAt, valueIn, withoutBlanks } from './values.ts'
import type { Variables } from './variables.ts'

/** A configuration file with its variables filled in, not yet checked. */
export interface ConfigFile {
  /** How messages call it. */
  readonly name: string
  readonly isThere: boolean
  readonly value: unknown
  readonly filledBy: FilledBy
  /** The variables that it speaks of. */
  readonly refersTo: ReadonlySet<string>
  /** One line each, in the order of the file: `dragoman.yaml:12: server.port: …`. */
  describe(problems: readonly Problem[]): readonly string[]
  readonly problems: readonly Problem[]
  /** Providers that are switched off and refer to variables that are not set; `value` is without them. */
  readonly leftOut: ReadonlySet<string>
  readonly notices: readonly string[]
}

/** Reads the file that was asked for, or the usual one. Throws a `ConfigError` when it is missing or no YAML. */
export async function readConfigFile(
  cwd: string,
  asked: string | undefined,
  variables: Variables,
): Promise<ConfigFile> {
  const file = await findConfigFile(cwd, asked)
  if (!file) {
    return {
      name: 'dragoman.yaml',
      isThere: false,
      value: {},
      filledBy: () => undefined,
      refersTo: new Set(),
      describe: (problems) => problems.map(({ path, problem }) => joined([formatPath(path), problem])),
      problems: [],
      leftOut: new Set(),
      notices: [],
    }
  }
  const document = readDocument(file.text, file.name)
  const refersTo = new Set<string>()
  const lookUp = (name: string) => {
    refersTo.add(name)
    return variables.get(name)
  }
  const { value: filled, filledBy, problems: missing } = interpolate(withoutBlanks(document.value ?? {}), lookUp)
  for (const provider of Object.values(mapAt(filled, ['providers']))) {
    for (const source of listAt(provider, ['credentialsFrom'])) refersTo.add(String(valueIn(source, 'env')))
  }
  const leftOut = missing.flatMap(({ path: [section, id] }) => {
    const isOff = section === 'providers' && typeof id === 'string' && isSwitchedOff(valueAt(filled, [section, id]))
    return isOff ? [id] : []
  })
  const value = leftOut.length > 0 ? withoutProviders(filled, leftOut) : filled
  const problems = missing.filter(({ path: [section, id] }) => section !== 'providers' || !leftOut.includes(String(id)))
  const literals = secretsIn(value).filter((path) => !filledBy(path))
  const notices: string[] = []
  if (literals.length > 0) {
    const places = literals.map(formatPath).join(', ')
    notices.push(`${file.name} holds secrets itself (${places}): better write \${NAME} and put them into .env`)
    if (await isReadableByOthers(file.path)) {
      notices.push(`${file.name} can be read by everybody on this machine: chmod 600 ${file.name}`)
    }
  }
  return {
    name: file.name,
    isThere: true,
    value,
    filledBy,
    refersTo,
    describe: (found) =>
      found
        // Where a variable is missing, what its place should hold is no news.
        .filter((problem) => problems.includes(problem) || !problems.some(({ path }) => isSamePath(path, problem.path)))
        .map(({ path, problem }) => ({ line: document.lineOf(path), path, problem }))
        .sort((a, b) => a.line - b.line)
        .map(({ line, path, problem }) => joined([`${file.name}:${line}`, formatPath(path), problem])),
    problems,
    leftOut: new Set(leftOut),
    notices,
  }
}

function joined(parts: readonly string[]): string {
  return parts.filter(Boolean).join(': ')
}

function isSamePath(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return formatPath(a) === formatPath(b)
}

function isSwitchedOff(provider: unknown): boolean {
  return String(valueIn(provider, 'enabled')) === 'false'
}

function withoutProviders(value: unknown, ids: readonly string[]): unknown {
  const kept = Object.entries(mapAt(value, ['providers'])).filter(([id]) => !ids.includes(id))
  return { ...mapAt(value, []), providers: Object.fromEntries(kept) }
}
