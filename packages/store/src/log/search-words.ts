import type { LogFilter } from '@dragoman/core'
import type { NamedFacet } from './columns.ts'

/** What somebody typed, read. */
export interface SearchWords {
  /** For FTS5, in its own syntax with nothing of the text's; undefined where no words are looked for. */
  readonly match?: string | undefined
  readonly filter: LogFilter
  /** Parts of names. */
  readonly names: readonly (readonly [NamedFacet, string])[]
  /** Nothing is like this: words were asked for, and there is not a letter in them. */
  readonly isEmpty: boolean
}

const MAX_TEXT = 1_024
const MAX_WORDS = 16

const nameFields: Readonly<Record<string, NamedFacet>> = {
  model: 'model',
  provider: 'provider',
  client: 'client',
  key: 'client',
  error: 'error',
}
const textFields: Readonly<Record<string, string>> = { user: 'user', answer: 'answer', tool: 'tools', message: 'error' }

const comparisons: Readonly<Record<string, readonly [min: keyof LogFilter, max: keyof LogFilter]>> = {
  cost: ['minCost', 'maxCost'],
  duration: ['minDurationMs', 'maxDurationMs'],
  time: ['from', 'to'],
}

/**
 * Reads words, `"phrases"` and `field:value`: `model:`, `provider:`, `client:` (or `key:`), `error:` by a part of the name;
 * `status:404`, `status:error`; `cost:>0.01`, `duration:<2000` in milliseconds, `time:>2026-11-22`; `user:`, `answer:`,
 * `tool:`, `message:` for words of that text. Whatever else has a colon is a word.
 */
export function readSearch(text: string): SearchWords {
  const found = { match: [] as string[], filter: {} as Record<string, unknown>, names: [] as [NamedFacet, string][] }
  let isEmpty = false
  const typed = text.slice(0, MAX_TEXT)
  const tokens = [...typed.matchAll(/(?:(\w+):)?(?:"([^"]*)"?|([^\s"]+))/g)].slice(0, MAX_WORDS)
  for (const [i, [whole, field = '', phrase, word = '']] of tokens.entries()) {
    const value = phrase ?? word
    const isTyping = phrase === undefined && i === tokens.length - 1 && !/\s$/.test(typed)
    const facet = own(nameFields, field)
    const column = own(textFields, field)
    if (facet) found.names.push([facet, value])
    else if (readCondition(field, value, found.filter)) continue
    else {
      const wanted = column ? value : phrase === undefined ? whole : phrase
      // Nothing but signs has no word in it, and FTS5 would not look at it.
      if (!/[\p{L}\p{N}]/u.test(wanted)) isEmpty ||= wanted !== ''
      else found.match.push(term(wanted, column, isTyping))
    }
  }
  return { match: found.match.join(' AND ') || undefined, filter: found.filter, names: found.names, isEmpty }
}

/** As a string of FTS5, in which nothing has a meaning of its own. */
function term(words: string, column: string | undefined, isTyping: boolean): string {
  const quoted = `"${words.replaceAll('"', '""').replaceAll('\0', ' ')}"`
  // One letter begins too many words to be of use.
  const isPrefix = isTyping && words.length > 1 && /[\p{L}\p{N}]$/u.test(words)
  return `${column ? `${column} : ` : ''}${quoted}${isPrefix ? '*' : ''}`
}

function readCondition(field: string, value: string, filter: Record<string, unknown>): boolean {
  if (field === 'status') {
    if (value === 'error' || value === 'ok') filter.outcome = value
    else if (/^\d{3}$/.test(value)) filter.status = Number(value)
    else return false
    return true
  }
  const bounds = own(comparisons, field)
  const [, sign, number = ''] = /^([<>])=?(.+)$/.exec(value) ?? []
  if (!bounds || !sign) return false
  const bound = field === 'time' ? Date.parse(number) : Number(number)
  if (Number.isNaN(bound)) return false
  filter[sign === '>' ? bounds[0] : bounds[1]] = bound
  return true
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
