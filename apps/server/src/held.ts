/** Something that several compositions use: ended when the last of them gives it back. */
export class Held<T> {
  readonly value: T
  readonly #end: (value: T) => Promise<void>
  #holders = 0

  constructor(value: T, end: (value: T) => Promise<void>) {
    this.value = value
    this.#end = end
  }

  hold(): T {
    this.#holders++
    return this.value
  }

  /** Once for each `hold`. Resolves when it has ended, or at once where others still hold it. */
  async giveBack(): Promise<void> {
    if (--this.#holders === 0) await this.#end(this.value)
  }
}
