import type { z } from 'zod'
import type { FilledBy } from './interpolate.ts'
import { unworded } from './problems.ts'
import { valueAt, withValueAt } from './values.ts'

export type Parsed<T> =
  | { readonly ok: true; readonly value: unknown; readonly output: T }
  | { readonly ok: false; readonly value: unknown; readonly issues: readonly z.core.$ZodIssue[] }

/**
 * Checks a value in which variables were filled in. These are texts; where a number, or true or false, is expected, such
 * a text is read as one. A text that somebody wrote is not: `port: "80"` stays a mistake.
 */
export function parseFilled<T>(schema: z.ZodType<T>, value: unknown, filledBy: FilledBy): Parsed<T> {
  const first = schema.safeParse(value, { error: () => unworded })
  if (first.success) return { ok: true, value, output: first.data }
  let mended = value
  for (const { path, expected } of mismatches(first.error.issues, [])) {
    const text = valueAt(mended, path)
    const meant = typeof text === 'string' && filledBy(path) ? readAs(expected, text) : undefined
    if (meant !== undefined) mended = withValueAt(mended, path, meant)
  }
  const result = mended === value ? first : schema.safeParse(mended, { error: () => unworded })
  return result.success
    ? { ok: true, value: mended, output: result.data }
    : { ok: false, value: mended, issues: result.error.issues }
}

function mismatches(
  issues: readonly z.core.$ZodIssue[],
  base: readonly PropertyKey[],
): readonly { path: readonly PropertyKey[]; expected: string }[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'invalid_type') return [{ path, expected: issue.expected }]
    return issue.code === 'invalid_union' ? issue.errors.flatMap((errors) => mismatches(errors, path)) : []
  })
}

function readAs(expected: string, text: string): number | boolean | undefined {
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  const isNumber = expected === 'number' || expected === 'int'
  return isNumber && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
