import { isRecord } from './is-record.ts'
import { resolve } from './schema.ts'

/**
 * What `pick` finds in a schema or in the parts that it is combined from (`$ref` into `root`, `anyOf`, `oneOf`, `allOf`);
 * of several the first counts, undefined where none has it.
 */
export function partOfSchema(
  schema: unknown,
  root: unknown,
  pick: (schema: Readonly<Record<string, unknown>>) => unknown,
): unknown {
  // Schemas may refer to themselves and double at each step.
  const waiting: unknown[] = [schema]
  for (let steps = 0; steps < 200 && waiting.length > 0; steps++) {
    const next = waiting.shift()
    if (!isRecord(next)) continue
    const found = pick(next)
    if (found !== undefined) return found
    const { $ref, anyOf, oneOf, allOf } = next
    waiting.push(resolve($ref, root))
    for (const parts of [anyOf, oneOf, allOf]) if (Array.isArray(parts)) waiting.push(...parts.slice(0, 100))
  }
  return undefined
}
