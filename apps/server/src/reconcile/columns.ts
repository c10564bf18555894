import { ConfigError } from '../config/config-error.ts'
import { didYouMean } from '../config/nearest.ts'

/** What a column may be. `uncached` is the prompt without what a cache held, where `input` is all of it. */
export const columnNames = [
  'date',
  'model',
  'input',
  'uncached',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'output',
  'cost',
  'ownKeyCost',
  'currency',
] as const

export type ColumnName = (typeof columnNames)[number]

/** Which field of a record each of them is. */
export type Columns = Readonly<Partial<Record<ColumnName, string>>>

/** By what name providers call them, in lower case; the first that is there counts. */
const usual: Readonly<Record<ColumnName, readonly string[]>> = {
  date: [
    // Anthropic's console, its API, OpenAI's export, its API; OpenRouter; Google's table, its BigQuery export
    ...['usage_date_utc', 'starting_at', 'start_time_iso', 'start_time', 'created_at'],
    ...['usage start date', 'usage_start_time', 'usage_date', 'date', 'day', 'timestamp', 'time'],
  ],
  model: ['model_version', 'model', 'model_permaslug', 'line_item', 'sku description', 'sku.description', 'model_id'],
  input: ['input_tokens', 'prompt_tokens', 'tokens_prompt', 'input', 'n_context_tokens_total'],
  uncached: ['usage_input_tokens_no_cache', 'uncached_input_tokens'],
  cacheRead: [
    ...['usage_input_tokens_cache_read', 'cache_read_input_tokens', 'input_cached_tokens', 'tokens_cached'],
    ...['cached_tokens', 'cache_read_tokens'],
  ],
  cacheWrite: [
    ...['usage_input_tokens_cache_write_5m', 'cache_creation.ephemeral_5m_input_tokens'],
    ...['cache_creation_input_tokens', 'cache_write_tokens'],
  ],
  cacheWrite1h: ['usage_input_tokens_cache_write_1h', 'cache_creation.ephemeral_1h_input_tokens'],
  output: [
    ...['usage_output_tokens', 'output_tokens', 'completion_tokens', 'tokens_completion', 'output'],
    'n_generated_tokens_total',
  ],
  cost: [
    'cost_usd',
    'cost_total',
    'amount_value',
    'amount.value',
    'usage',
    'cost',
    'cost ($)',
    'subtotal ($)',
    'amount',
  ],
  ownKeyCost: ['byok_usage_inference'],
  currency: ['amount_currency', 'amount.currency', 'currency'],
}

/** Columns of which at least one has to be there. */
const figures: readonly ColumnName[] = ['input', 'uncached', 'output', 'cost']

/** @param fields the names there are, in lower case */
export function usualColumns(fields: ReadonlySet<string>): Columns {
  return Object.fromEntries(
    columnNames.flatMap((name) => {
      const field = usual[name].find((known) => fields.has(known))
      return field === undefined ? [] : [[name, field]]
    }),
  )
}

export function areEnough(columns: Columns): boolean {
  return columns.date !== undefined && figures.some((name) => columns[name] !== undefined)
}

/** `date=Day,cost=Total` -> columns. Throws a `ConfigError`. */
export function parseColumns(text: string): Columns {
  const problems: string[] = []
  const columns = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = columnNames.find((known) => known === pair.slice(0, at).trim())
    const field = pair
      .slice(at + 1)
      .trim()
      .toLowerCase()
    if (at > 0 && name && field !== '') return [[name, field]]
    const hint = at > 0 ? didYouMean(pair.slice(0, at).trim(), columnNames) : ''
    problems.push(`--columns: expected NAME=COLUMN with one of ${columnNames.join(', ')}, found ${pair}${hint}`)
    return []
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.fromEntries(columns)
}
