/** What could not be written down, by what it was meant for. */
export class Losses {
  readonly #counts = new Map<string, number>()
  readonly #onLoss: ((store: string, lost: number) => void) | undefined

  /** @param onLoss told of a count that has grown */
  constructor(onLoss?: (store: string, lost: number) => void) {
    this.#onLoss = onLoss
  }

  /** @param lost since the start, in records */
  count(store: string, lost: number): void {
    const before = this.#counts.get(store) ?? 0
    if (lost <= before) return
    this.#counts.set(store, lost)
    this.#onLoss?.(store, lost)
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }
}
