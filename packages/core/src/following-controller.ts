/**
 * An `AbortController` that also trips with another signal, until it is released. `AbortSignal.any` does the same at
 * some thirty times the cost, which a request would pay several times over.
 */
export class FollowingController extends AbortController {
  readonly #followed: AbortSignal
  readonly #follow = () => this.abort(this.#followed.reason)

  constructor(followed: AbortSignal) {
    super()
    this.#followed = followed
    if (followed.aborted) this.#follow()
    else followed.addEventListener('abort', this.#follow)
  }

  /** Nothing more is to be aborted by the other signal. Without it this lives as long as that signal does. */
  release(): void {
    this.#followed.removeEventListener('abort', this.#follow)
  }
}
