import type { RelayOnly } from './dialect.ts'

/** What the reading of a request finds out beside the canonical form. */
export class Findings {
  readonly #dropped = new Set<string>()
  #relayOnly: RelayOnly | undefined

  /** Left out: a hint, or what only its origin can read. */
  drop(path: string): void {
    this.#dropped.add(path)
  }

  /** Left out too, but it changes the answer: where the request is not relayed, that is an error. */
  needsRelay(param: string, message: string): void {
    this.#relayOnly ??= { param, message: `${param}: ${message}` }
  }

  get dropped(): readonly string[] {
    return [...this.#dropped]
  }

  get relayOnly(): RelayOnly | undefined {
    return this.#relayOnly
  }
}
