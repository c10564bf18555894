import { type Fields, isRecord } from './record.ts'

/**
 * A place in a request: names separated by dots, `[]` after one for every element of its array.
 * `messages[].name`, `stream_options.include_usage`.
 */
export type FieldPath = string

/** `fields` without the one at `path`, as a copy along the path; the very same object where there is none. */
export function without(fields: Fields, path: FieldPath): Fields {
  return remove(fields, path.split('.'))
}

/** Whether the field is there and says something: `null` is as good as absent. */
export function isPresent(value: unknown, path: FieldPath): boolean {
  return find(value, path.split('.'))
}

function remove(fields: Fields, [step = '', ...rest]: readonly string[]): Fields {
  const { name, isEach } = readStep(step)
  if (!Object.hasOwn(fields, name)) return fields
  if (rest.length === 0) {
    const { [name]: dropped, ...others } = fields
    return isEach ? fields : others
  }
  const before = fields[name]
  const after = isEach ? removeFromEach(before, rest) : removeFrom(before, rest)
  return after === before ? fields : { ...fields, [name]: after }
}

function removeFrom(value: unknown, path: readonly string[]): unknown {
  return isRecord(value) ? remove(value, path) : value
}

function removeFromEach(value: unknown, path: readonly string[]): unknown {
  if (!Array.isArray(value)) return value
  const changed: unknown[] = value.map((element) => removeFrom(element, path))
  return changed.every((element, i) => element === value[i]) ? value : changed
}

function find(value: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return value !== null && value !== undefined
  const { name, isEach } = readStep(step)
  if (!isRecord(value) || !Object.hasOwn(value, name)) return false
  const inner = value[name]
  return isEach ? Array.isArray(inner) && inner.some((element) => find(element, rest)) : find(inner, rest)
}

function readStep(step: string): { name: string; isEach: boolean } {
  return step.endsWith('[]') ? { name: step.slice(0, -2), isEach: true } : { name: step, isEach: false }
}
