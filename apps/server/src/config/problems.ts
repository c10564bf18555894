import type { z } from 'zod'
import type { FilledBy } from './interpolate.ts'
import { branches, expectation, type JsonSchema, knownKeys, schemaAt } from './json-schema.ts'
import { didYouMean } from './nearest.ts'
import { isCredentialPath, isSecretPath } from './secret-paths.ts'
import { valueAt } from './values.ts'

/** Something to be mended: where, and what. */
export interface Problem {
  readonly path: readonly PropertyKey[]
  readonly problem: string
}

export interface ProblemContext {
  readonly schema: JsonSchema
  /** What was checked. */
  readonly value: unknown
  readonly filledBy: FilledBy
}

type Issue = z.core.$ZodIssue

/** To be given as `error` to zod, so that a message of a schema's own can be told from the built-in ones. */
export const unworded = '\u0000'

/** What zod found, in words for the person who wrote the file: what was expected and what stands there. */
export function explain(issues: readonly Issue[], context: ProblemContext): readonly Problem[] {
  return issues.flatMap((issue) => explainOne(issue, [], context.schema, context))
}

function explainOne(
  issue: Issue,
  base: readonly PropertyKey[],
  root: JsonSchema,
  context: ProblemContext,
): readonly Problem[] {
  const path = [...base, ...issue.path]
  const value = valueAt(context.value, path)
  const schema = schemaAt(root, issue.path, valueAt(context.value, base))

  if (issue.code === 'unrecognized_keys') {
    const known = schema ? knownKeys(schema, value) : []
    return issue.keys.map((key) => unknownKey(path, key, known))
  }
  if (issue.code === 'invalid_key' && issue.issues[0]) return [{ path, problem: issue.issues[0].message }]
  if (issue.code === 'invalid_union' && 'options' in issue) {
    const types = issue.options?.map(String) ?? []
    const found = foundAt(value, path, true, context)
    const hint = typeof value === 'string' ? didYouMean(value, types) : ''
    return [{ path, problem: `expected one of ${types.map((type) => `"${type}"`).join(', ')}, found ${found}${hint}` }]
  }
  if (issue.code === 'invalid_union') {
    const index = likeliest(issue.errors)
    const meant = index === undefined ? undefined : issue.errors[index]
    const branch = index === undefined ? undefined : (schema?.anyOf ?? schema?.oneOf)?.[index]
    if (meant && branch) return meant.flatMap((inner) => explainOne(inner, path, branch, context))
    const unknown = unknownToAll(issue.errors)
    if (schema && unknown.length > 0) {
      const known = new Set(branches(schema).flatMap(({ properties = {} }) => Object.keys(properties)))
      return unknown.map((key) => unknownKey(path, key, [...known]))
    }
  } else if (issue.message !== unworded) {
    const found = isSecretPath(path) ? '' : `, found ${foundAt(value, path, true, context)}`
    return [{ path, problem: `${issue.message}${found}` }]
  }
  if (!schema || (issue.code === 'custom' && !branches(schema).some(({ title }) => title))) {
    return [{ path, problem: `not valid, found ${foundAt(value, path, false, context)}` }]
  }
  const isScalar = branches(schema).every(({ type }) => type !== 'object' && type !== 'array')
  const found = foundAt(value, path, isScalar, context)
  const hint = remedy(schema, value, path)
  // A long list of names says less than the one that is meant.
  const expected = hint && (schema.enum?.length ?? 0) > 12 ? 'another name' : expectation(schema)
  return [{ path, problem: `expected ${expected}, found ${found}${hint}` }]
}

function remedy(schema: JsonSchema, value: unknown, path: readonly PropertyKey[]): string {
  if (schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return '; put it in quotes'
  return typeof value === 'string' && !isSecretPath(path) ? didYouMean(value, schema.enum?.map(String) ?? []) : ''
}

/** Which form of a union was meant: the one that is wrong in the fewest places near the top. Undefined when none was. */
function likeliest(errors: readonly (readonly Issue[])[]): number | undefined {
  const faults = errors.map((issues) =>
    issues.some(isOfAnotherKind) ? Number.POSITIVE_INFINITY : issues.filter(({ path }) => path.length < 2).length,
  )
  const fewest = Math.min(...faults)
  const isClear = fewest !== Number.POSITIVE_INFINITY && faults.filter((count) => count === fewest).length === 1
  return isClear ? faults.indexOf(fewest) : undefined
}

/** Keys that none of the forms has which the value could be meant to have. */
function unknownToAll(errors: readonly (readonly Issue[])[]): readonly string[] {
  const possible = errors.filter((issues) => !issues.some(isOfAnotherKind))
  const [first = [], ...others] = possible.map((issues) =>
    issues.flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [])),
  )
  return first.filter((key) => others.every((keys) => keys.includes(key)))
}

function isOfAnotherKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}

export function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): Problem {
  // Whoever forgets the name of a key may have written the key itself where its name belongs.
  const shown = isCredentialPath(path) && !/^[A-Za-z_]{1,24}$/.test(key) ? 'hidden' : key
  const hint = didYouMean(key, known) || (known.length > 0 ? `; known here: ${known.join(', ')}` : '')
  return { path: [...path, shown], problem: `unknown key${hint}` }
}

/** What stands there, as far as it may be shown. */
export function foundAt(
  value: unknown,
  path: readonly PropertyKey[],
  isScalar: boolean,
  { filledBy }: Pick<ProblemContext, 'filledBy'>,
): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a map'
  if (value === '') return 'an empty string'
  if (typeof value === 'boolean') return String(value)
  if (isSecretPath(path) || (typeof value === 'string' && !isScalar)) return kindOf(value)
  const names = filledBy(path)
  if (names) return `what ${names.map((name) => `\${${name}}`).join(' and ')} holds`
  return typeof value === 'string' ? quoted(value) : String(value)
}

function kindOf(value: unknown): string {
  return typeof value === 'string' ? 'a string' : 'a number'
}

function quoted(text: string): string {
  // A URL may carry a user and a password, or a key in its query.
  const shown = text.replace(/^.*@/s, '***@').replace(/\?.*$/s, '?***')
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
}
