import { isRecord } from '@dragoman/core'
import { ConfigError } from '../config/config-error.ts'
import type { ExportRecord } from './export-row.ts'

/** A list, an answer of a provider's API with a list in it, or one JSON object on each line. Throws a `ConfigError`. */
export function readJson(text: string): readonly ExportRecord[] {
  const whole = parsed(text)
  if (whole !== undefined) return entriesOf(whole).map((entry, i) => recordOf(entry, `entry ${i + 1}`))
  const lines = text.split('\n')
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return []
    const value = parsed(line)
    if (!isRecord(value)) throw new ConfigError([`line ${i + 1}: is no JSON object`])
    return entriesOf(value).map((entry) => recordOf(entry, `line ${i + 1}`))
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what that means, the caller says
  }
}

/** Providers put them into pages, and these into spans of time, whose beginning is then the date. */
function entriesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(entriesOf)
  if (!isRecord(value)) return []
  if (Array.isArray(value.data)) return value.data.flatMap(entriesOf)
  const { results, ...span } = value
  if (!Array.isArray(results)) return [value]
  return results.filter(isRecord).map((result) => ({ ...span, ...inDollars(result, span) }))
}

/** Anthropic's report of costs counts in cents, written as text. */
function inDollars(
  result: Readonly<Record<string, unknown>>,
  span: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { amount, ...others } = result
  if (typeof amount !== 'string' || span.starting_at === undefined) return result
  return { ...others, cost_usd: Number(amount) / 100 }
}

function recordOf(entry: Readonly<Record<string, unknown>>, place: string): ExportRecord {
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(entry)) {
    if (isRecord(value)) for (const [inner, part] of Object.entries(value)) put(fields, `${name}.${inner}`, part)
    else put(fields, name, value)
  }
  return { place, fields }
}

function put(fields: Map<string, string>, name: string, value: unknown): void {
  if (typeof value === 'string' || typeof value === 'number') fields.set(name.toLowerCase(), String(value))
}
