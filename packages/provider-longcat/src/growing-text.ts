/**
 * Tells deltas from cumulative text, of which the site sends either.
 *
 * The second piece decides: one that is strictly longer than the first and starts with it repeats all text so far, and
 * so will the others. Any other begins a run of deltas, in which a genuine repetition ("ha", "ha") is kept.
 */
export class GrowingText {
  readonly #isKnown: boolean
  #sent = ''
  #mode: 'undecided' | 'delta' | 'cumulative'

  /** `cumulative` where the form of the frame says so. */
  constructor(mode: 'undecided' | 'cumulative' = 'undecided') {
    this.#mode = mode
    this.#isKnown = mode === 'cumulative'
  }

  get isEmpty(): boolean {
    return this.#sent === ''
  }

  /** What is new in `piece`. */
  take(piece: string): string {
    if (this.#mode === 'undecided' && this.#sent !== '' && piece !== '') {
      this.#mode = piece.length > this.#sent.length && piece.startsWith(this.#sent) ? 'cumulative' : 'delta'
    }
    const added = this.#mode === 'cumulative' ? this.#beyond(piece) : piece
    // Of deltas it only matters whether there were any.
    this.#sent = this.#mode === 'delta' ? this.#sent || piece : this.#sent + added
    return added
  }

  #beyond(piece: string): string {
    // What was sent cannot be taken back: text that the site has changed adds nothing until it is longer.
    if (this.#isKnown || piece.startsWith(this.#sent)) return piece.slice(this.#sent.length)
    if (this.#sent.startsWith(piece)) return ''
    // They were deltas after all.
    this.#mode = 'delta'
    return piece
  }
}
