/** The names that a text was filled from, by place (`placeOf`). */
export type FilledFrom = ReadonlyMap<string, readonly string[]>

export interface Interpolated {
  readonly value: unknown
  readonly filledFrom: FilledFrom
  readonly missing: readonly { readonly path: readonly PropertyKey[]; readonly problem: string }[]
}

export function placeOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path)
}

/**
 * Fills `${NAME}` and `${NAME:-default}` in every text of a value; `$$` stands for a dollar sign.
 *
 * Only texts are touched, and only after the file was parsed: what a variable holds is never read as YAML, nor filled
 * in turn. The default counts where the variable is not set or empty. Keys of maps stay as they are.
 */
export function interpolate(value: unknown, lookUp: (name: string) => string | undefined): Interpolated {
  const filledFrom = new Map<string, readonly string[]>()
  const missing: { path: readonly PropertyKey[]; problem: string }[] = []

  const fill = (text: string, path: readonly PropertyKey[]): string => {
    const names: string[] = []
    const filled = text.replaceAll(/\$\$|\$\{([^}]*)(\}?)/g, (whole, inside: string | undefined, end: string) => {
      if (inside === undefined) return '$'
      const reference = end ? /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) : null
      const [, name, fallback] = reference ?? []
      if (name === undefined) {
        missing.push({ path, problem: 'expected ${NAME} or ${NAME:-default}; for a dollar sign write $$' })
        return whole
      }
      const found = lookUp(name)
      names.push(name)
      if (found !== undefined && (found !== '' || fallback === undefined)) return found
      if (fallback !== undefined) return fallback
      missing.push({ path, problem: `\${${name}} is not set, neither in the environment nor in .env` })
      return whole
    })
    if (names.length > 0) filledFrom.set(placeOf(path), names)
    return filled
  }

  const walk = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof part === 'string') return fill(part, path)
    if (Array.isArray(part)) return part.map((entry, index) => walk(entry, [...path, index]))
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, entry]) => [key, walk(entry, [...path, key])]))
  }

  return { value: walk(value, []), filledFrom, missing }
}
