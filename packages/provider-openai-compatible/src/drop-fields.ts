/**
 * A place in a request: names separated by dots, `[]` after one for every element of its array.
 * `messages[].name`, `stream_options.include_usage`.
 */
export type FieldPath = string

/** `value` without the field, as a copy along the path; the very same value where the field is not there. */
export function without(value: unknown, path: FieldPath): unknown {
  return remove(value, path.split('.'))
}

/** Whether the field is there and says something: `null` is as good as absent. */
export function isPresent(value: unknown, path: FieldPath): boolean {
  return find(value, path.split('.'))
}

function remove(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (!isRecord(value) || step === undefined) return value
  const { name, isEach } = readStep(step)
  if (!Object.hasOwn(value, name)) return value
  const before = value[name]
  if (rest.length === 0 && !isEach) {
    const { [name]: _, ...others } = value
    return others
  }
  const after = isEach ? removeFromEach(before, rest) : remove(before, rest)
  return after === before ? value : { ...value, [name]: after }
}

function removeFromEach(value: unknown, rest: readonly string[]): unknown {
  if (!Array.isArray(value)) return value
  const changed: unknown[] = value.map((element) => remove(element, rest))
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
