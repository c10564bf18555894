import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { didYouMean } from '../config/nearest.ts'

/** What follows the name of a command. */
export interface CommandOptions<Name extends string> {
  /** The value of an option that takes one. */
  given(name: Name): string | undefined
  has(name: Name): boolean
  readonly positionals: readonly string[]
  /** One for each option that is wrong. To be added to. */
  readonly problems: string[]
}

export function commandOptions<Options extends ParseArgsOptionsConfig>(
  command: string,
  options: Options,
  argv: readonly string[],
): CommandOptions<string & keyof Options> {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: options as ParseArgsOptionsConfig,
    allowPositionals: true,
    strict: false, // so that all that is wrong can be said, and in words of ours
    tokens: true,
  })
  const problems = tokens.flatMap((token) => {
    if (token.kind !== 'option') return []
    const type = Object.entries(options).find(([name]) => name === token.name)?.[1].type
    if (!type) return [`${command} has no option ${token.rawName}${didYouMean(token.name, Object.keys(options))}`]
    return type === 'string' && !token.value ? [`${token.rawName} needs a value`] : []
  })
  return {
    given(name) {
      const value = values[name]
      return typeof value === 'string' ? value : undefined
    },
    has: (name) => values[name] === true,
    positionals,
    problems,
  }
}
