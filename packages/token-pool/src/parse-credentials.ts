import type { Secret } from '@dragoman/core'
import { entriesOf } from './credential-entries.ts'
import type { CredentialSource, FoundCredentials } from './credential-source.ts'
import { readValues } from './credential-values.ts'
import { fingerprint } from './fingerprint.ts'

export interface ParseCredentialsOptions {
  /** What holds the text: `data/tokens.txt`, `TOKEN_POOL`. Messages and `from` begin with it. */
  readonly from: string
  /** The name under which a bare token is stored: `token`, `apiKey`. */
  readonly field: string
  /** What a credential has to be like beyond that; answers what is wrong with it. What it says of the values is masked. */
  readonly check?: ((values: Readonly<Record<string, Secret>>) => string | undefined) | undefined
}

/** More of one text are counted and not listed: it may be a picture. */
const mostProblems = 100

/**
 * Reads the credentials that a file or a variable holds, and finds out by itself in which way it does: one token per
 * line, or several with commas between, with `#` comments; JSON lines of objects (`{"email", "password"}`); a JSON
 * array of tokens and objects; a JSON object alone.
 *
 * Never throws. What is malformed or given twice is left out and named by its line or index; the rest is used.
 */
export function parseCredentials(text: string, options: ParseCredentialsOptions): FoundCredentials {
  const credentials: CredentialSource[] = []
  const problems: string[] = []
  const seen = new Map<string, string>()

  for (const entry of entriesOf(text)) {
    const from = options.from + entry.place.suffix
    const read = entry.kind === 'value' ? readValues(entry.value, options.field) : entry
    if (read.kind === 'problem') {
      problems.push(`${from}: ${read.problem}`)
      continue
    }
    for (const note of read.notes) problems.push(`${from}: ${note}`)
    const complaint = options.check?.(read.values)
    if (complaint !== undefined) {
      problems.push(`${from}: ${masked(complaint, read.values)}`)
      continue
    }
    const key = fingerprint(read.values)
    const first = seen.get(key)
    if (first !== undefined) {
      problems.push(`${from}: the same as ${first}`)
      continue
    }
    seen.set(key, entry.place.words)
    credentials.push({ values: read.values, from })
  }
  return { credentials, problems: bounded(problems, options.from) }
}

function bounded(problems: readonly string[], from: string): readonly string[] {
  if (problems.length <= mostProblems) return problems
  return [...problems.slice(0, mostProblems), `${from}: ${problems.length - mostProblems} more problems`]
}

/** Validators like to quote what they refuse. */
function masked(message: string, values: Readonly<Record<string, Secret>>): string {
  let text = message
  for (const secret of Object.values(values)) {
    const value = secret.reveal()
    if (value.length >= 4) text = text.replaceAll(value, '…')
  }
  return text
}
