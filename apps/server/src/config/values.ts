/** Reading of parsed YAML that may hold anything anywhere. */

/** What stands under a key of a map or at a place of a list; undefined where there is no such thing. */
export function valueIn(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(valueIn, value)
}

/** The list that stands there, else an empty one. */
export function listAt(value: unknown, path: readonly PropertyKey[]): readonly unknown[] {
  const found = valueAt(value, path)
  return Array.isArray(found) ? found : []
}

/** The map that stands there, else an empty one. */
export function mapAt(value: unknown, path: readonly PropertyKey[]): Readonly<Record<string, unknown>> {
  const found = valueAt(value, path)
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? Object.fromEntries(Object.entries(found))
    : {}
}

/** The same with another value at `path`, which must be there. */
export function withValueAt(value: unknown, path: readonly PropertyKey[], replacement: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return replacement
  if (Array.isArray(value)) {
    return value.map((entry, index) => (index === key ? withValueAt(entry, rest, replacement) : entry))
  }
  return { ...mapAt(value, []), [key]: withValueAt(valueIn(value, key), rest, replacement) }
}

/**
 * The same without settings that have no value: `host:` with nothing behind it counts as left out. Inside a provider's
 * own options, where nothing may mean something, and for whole providers it stays.
 */
export function withoutBlanks(value: unknown, path: readonly PropertyKey[] = []): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => withoutBlanks(entry, [...path, index]))
  if (typeof value !== 'object' || value === null) return value
  const isBlank = (entry: unknown) =>
    entry === null && path.length < 3 && !(path.length === 1 && path[0] === 'providers')
  const kept = Object.entries(value).filter(([, entry]) => !isBlank(entry))
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutBlanks(entry, [...path, key])]))
}
