import type { Problem } from './problems.ts'

/** The variables that the text at a place was filled from; undefined where it stands as it was written. */
export type FilledBy = (path: readonly PropertyKey[]) => readonly string[] | undefined

export interface Interpolated {
  readonly value: unknown
  readonly filledBy: FilledBy
  readonly problems: readonly Problem[]
}

/**
 * Fills `${NAME}` and `${NAME:-default}` in every text of a value; `$$` stands for a dollar sign.
 *
 * Only texts are touched, and only after the file was parsed: what a variable holds is never read as YAML, nor filled
 * in turn. The default counts where the variable is not set or empty. Keys of maps stay as they are.
 */
export function interpolate(value: unknown, lookUp: (name: string) => string | undefined): Interpolated {
  const filledFrom = new Map<string, readonly string[]>()
  const problems: Problem[] = []

  const fill = (text: string, path: readonly PropertyKey[]): string => {
    const names: string[] = []
    const filled = text.replaceAll(/\$\$|\$\{([^}]*)(\}?)/g, (whole, inside: string | undefined, end: string) => {
      if (inside === undefined) return '$'
      const reference = end ? /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) : null
      const [, name, fallback] = reference ?? []
      if (name === undefined) {
        problems.push({ path, problem: `expected \${NAME} or \${NAME:-default}; for a dollar sign write $$` })
        return whole
      }
      if (fallback?.includes('${')) {
        problems.push({ path, problem: `the default of \${${name}} cannot hold another reference` })
        return whole
      }
      const found = lookUp(name)
      names.push(name)
      if (found !== undefined && (found !== '' || fallback === undefined)) return found
      if (fallback !== undefined) return fallback
      problems.push({ path, problem: `\${${name}} is not set, neither in the environment nor in .env` })
      return whole
    })
    if (names.length > 0) filledFrom.set(JSON.stringify(path), names)
    return filled
  }

  const walk = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof part === 'string') return fill(part, path)
    if (Array.isArray(part)) return part.map((entry, index) => walk(entry, [...path, index]))
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, entry]) => [key, walk(entry, [...path, key])]))
  }

  return { value: walk(value, []), filledBy: (path) => filledFrom.get(JSON.stringify(path)), problems }
}
