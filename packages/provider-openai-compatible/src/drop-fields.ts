import { isRecord } from '@dragoman/core'
import { mapped } from './mapped.ts'
import type { Fields } from './record.ts'

/**
 * A place in a request: names separated by dots, `[]` after one for every element of its array.
 * `messages[].name`, `stream_options.include_usage`.
 */
export type FieldPath = string

/** `fields` without the one at `path`, as a copy along the path; the very same object where there is none. */
export function without(fields: Fields, path: FieldPath): Fields {
  return remove(fields, stepsOf(path), 0)
}

/** Whether the field is there and says something: `null` is as good as absent. */
export function isPresent(value: unknown, path: FieldPath): boolean {
  return find(value, stepsOf(path), 0)
}

interface Step {
  readonly name: string
  readonly isEach: boolean
}

/** Paths are those of settings, and looked for in every request. */
const known = new Map<FieldPath, readonly Step[]>()

function stepsOf(path: FieldPath): readonly Step[] {
  let steps = known.get(path)
  if (!steps) {
    steps = path.split('.').map((step) => {
      const isEach = step.endsWith('[]')
      return { name: isEach ? step.slice(0, -2) : step, isEach }
    })
    known.set(path, steps)
  }
  return steps
}

function remove(fields: Fields, steps: readonly Step[], at: number): Fields {
  const step = steps[at]
  if (!step || !Object.hasOwn(fields, step.name)) return fields
  const { name, isEach } = step
  if (at === steps.length - 1) {
    const { [name]: _, ...others } = fields
    return isEach ? fields : others
  }
  const before = fields[name]
  const after = isEach ? removeFromEach(before, steps, at + 1) : removeFrom(before, steps, at + 1)
  return after === before ? fields : { ...fields, [name]: after }
}

function removeFrom(value: unknown, steps: readonly Step[], at: number): unknown {
  return isRecord(value) ? remove(value, steps, at) : value
}

function removeFromEach(value: unknown, steps: readonly Step[], at: number): unknown {
  return Array.isArray(value) ? mapped<unknown>(value, (element) => removeFrom(element, steps, at)) : value
}

function find(value: unknown, steps: readonly Step[], at: number): boolean {
  const step = steps[at]
  if (!step) return value !== null && value !== undefined
  if (!isRecord(value) || !Object.hasOwn(value, step.name)) return false
  const inner = value[step.name]
  if (!step.isEach) return find(inner, steps, at + 1)
  return Array.isArray(inner) && inner.some((element) => find(element, steps, at + 1))
}
