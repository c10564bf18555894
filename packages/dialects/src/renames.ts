/** Words of a request that the target would refuse, spelled so that it takes them, and back. */
export class Renames {
  #allowed: RegExp
  #longest: number
  #written = new Map<string, string>()
  #given = new Map<string, string>()
  /** The next number of words that would be spelled the same: there may be many. */
  #next = new Map<string, number>()

  /** @param allowed matches what may stay as it is; `longest` is in characters */
  constructor(allowed: RegExp, longest: number) {
    this.#allowed = allowed
    this.#longest = longest
  }

  /** The same word gets the same spelling, two words never share one. */
  write(word: string): string {
    const known = this.#written.get(word)
    if (known !== undefined) return known
    const base = this.#allowed.test(word) ? word : word.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, this.#longest) || '_'
    let written = base
    let n = this.#next.get(base) ?? 2
    for (; this.#given.has(written); n++) written = `${base.slice(0, this.#longest - 6)}_${n}`
    this.#next.set(base, n)
    this.#written.set(word, written)
    this.#given.set(written, word)
    return written
  }

  /** The word behind a spelling; one that was never written stays as it is. */
  read(written: string): string {
    return this.#given.get(written) ?? written
  }
}
