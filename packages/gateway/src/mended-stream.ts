import type { AnswerItem, DragomanError, Taker } from '@dragoman/core'
import type { SaidText } from './continuation.ts'

export interface MendedStreamOptions {
  readonly said: SaidText
  /** Asks the call under way for its next item. */
  take(taker: Taker<AnswerItem>): void
  /** What a failure means; undefined where no other call could help. */
  cut(cause: unknown): DragomanError | undefined
  /** Makes a call for the rest; from then on `take` asks that one. Rejects where there is none. */
  goOn(error: DragomanError): Promise<void>
}

/** A stream of text that goes on with another call when the one under way is cut. */
export class MendedStream {
  readonly #options: MendedStreamOptions
  #taker: Taker<AnswerItem> | undefined
  #source: Source | undefined
  #failure: { readonly cause: unknown } | undefined
  #isOpening = false
  #isPulling = false
  #pullsAgain = false

  constructor(options: MendedStreamOptions) {
    this.#options = options
  }

  /** Another call is being made: until it has said something its own limits hold. */
  get isOpening(): boolean {
    return this.#isOpening
  }

  take(taker: Taker<AnswerItem>): void {
    this.#taker = taker
    const failure = this.#failure
    this.#failure = undefined
    if (failure) this.#mend(failure.cause)
    else this.#pull()
  }

  /** The call under way says nothing any more. True where another one takes its place. */
  stalled(error: DragomanError): boolean {
    if (this.#isOpening || !this.#taker || !this.#mayMend(error)) return false
    this.#failed(error)
    return true
  }

  #pull(): void {
    // Items that are left out come in the same turn by the hundred: a loop in place of a call in a call.
    this.#pullsAgain = true
    if (this.#isPulling) return
    this.#isPulling = true
    while (this.#pullsAgain) {
      this.#pullsAgain = false
      this.#source ??= new Source(this.#item, this.#done, this.#failed)
      this.#options.take(this.#source)
    }
    this.#isPulling = false
  }

  readonly #item = (item: AnswerItem): void => {
    const passed = this.#options.said.pass(item)
    if (passed) this.#taken()?.item(passed)
    else this.#pull()
  }

  readonly #done = (): void => this.#taken()?.done()

  readonly #failed = (cause: unknown): void => {
    const { held } = this.#options.said
    if (!held) {
      this.#mend(cause)
      return
    }
    this.#failure = { cause }
    this.#taken()?.item(held)
  }

  #mayMend(cause: unknown): DragomanError | undefined {
    return this.#options.said.canGoOn ? this.#options.cut(cause) : undefined
  }

  #mend(cause: unknown): void {
    const error = this.#mayMend(cause)
    if (!error) {
      this.#taken()?.fail(cause)
      return
    }
    this.#source?.leave()
    this.#source = undefined
    this.#isOpening = true
    this.#options.goOn(error).then(
      () => {
        this.#isOpening = false
        this.#pull()
      },
      () => {
        this.#isOpening = false
        // That the rest could not be had either says less than what broke the answer.
        this.#taken()?.fail(error)
      },
    )
  }

  #taken(): Taker<AnswerItem> | undefined {
    const taker = this.#taker
    this.#taker = undefined
    return taker
  }
}

/** Hears what one call gives. A call that was left may still say something, which belongs nowhere. */
class Source implements Taker<AnswerItem> {
  readonly #item: (item: AnswerItem) => void
  readonly #done: () => void
  readonly #fail: (cause: unknown) => void
  #isLeft = false

  constructor(item: (item: AnswerItem) => void, done: () => void, fail: (cause: unknown) => void) {
    this.#item = item
    this.#done = done
    this.#fail = fail
  }

  leave(): void {
    this.#isLeft = true
  }

  item(item: AnswerItem): void {
    if (!this.#isLeft) this.#item(item)
  }

  done(): void {
    if (!this.#isLeft) this.#done()
  }

  fail(cause: unknown): void {
    if (!this.#isLeft) this.#fail(cause)
  }
}
