import { type Clock, DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ChatContext } from './answer.ts'
import type { Attempt } from './attempt.ts'
import type { Candidate } from './job.ts'

/**
 * Whether a request may be sent twice at the same time, when only one of the two answers is wanted. Not where it may
 * have effects beside its answer: with tools the second model may have begun to act on what it was asked for, and what
 * only the client's own bytes can say (hosted tools, stored conversations) is not known to have none.
 */
export function mayRunTwice(chat: ChatCompletionRequest | undefined, { relayOnly }: Pick<ChatContext, 'relayOnly'>) {
  if (!chat || relayOnly) return false
  return !hasSome(chat.tools) && !hasSome(chat.functions) && !hasSome(chat.plugins) && !chat.web_search_options
}

function hasSome(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0
}

/** A call that is under way. */
export interface OpenCall {
  readonly candidate: Candidate
  readonly attempt: Attempt
}

type FailedCall = OpenCall & { readonly cause: unknown }

/** How one of two calls ended the wait for both. */
export type RaceOutcome<T> = FailedCall | (OpenCall & { readonly result: T })

export interface RaceOptions<T> {
  readonly clock: Clock
  readonly first: OpenCall
  /** How long the first may say nothing. */
  readonly afterMs: number
  use(attempt: Attempt): Promise<T>
  /** Makes the second call; undefined where none is to be made. Never rejects. */
  second(): Promise<OpenCall | undefined>
  /** This failure ends the wait, also where another call goes on. */
  isFinal(call: OpenCall, cause: unknown): boolean
  /** This call is not waited for any more: the other one is. */
  dropped(call: OpenCall, cause: unknown): void
}

/**
 * Waits for a call, and makes a second one when it has said nothing for a while. The first of the two with output
 * serves, and the other is dropped at once; one that fails is dropped while the other goes on.
 */
export function raced<T>(options: RaceOptions<T>): Promise<RaceOutcome<T>> {
  return new Promise((resolve) => new Race(options, resolve).begin())
}

class Race<T> {
  readonly #options: RaceOptions<T>
  readonly #settle: (outcome: RaceOutcome<T>) => void
  readonly #running = new Set<OpenCall>()
  #cancelTimer: (() => void) | undefined
  /** The second call may still come. */
  #isOpening = false
  #isOver = false
  /** What the first one failed with, while the second was being made. */
  #failedBefore: FailedCall | undefined

  constructor(options: RaceOptions<T>, settle: (outcome: RaceOutcome<T>) => void) {
    this.#options = options
    this.#settle = settle
  }

  begin(): void {
    const { clock, first, afterMs } = this.#options
    this.#cancelTimer = clock.schedule(() => this.#makeSecond(), afterMs)
    this.#run(first)
  }

  #makeSecond(): void {
    this.#isOpening = true
    this.#options.second().then((call) => {
      this.#isOpening = false
      const failed = this.#failedBefore
      if (!call) {
        if (failed) this.#end(failed)
        return
      }
      if (this.#isOver) {
        this.#options.dropped(call, needless())
        return
      }
      if (failed) this.#options.dropped(failed, failed.cause)
      this.#run(call)
    })
  }

  #run(call: OpenCall): void {
    this.#running.add(call)
    call.attempt.onOutput = () => this.#won(call)
    this.#options.use(call.attempt).then(
      (result) => this.#done({ ...call, result }, call),
      (cause) => this.#failed(call, cause),
    )
  }

  /** It has said something. Whether it comes to its end is another matter. */
  #won(winner: OpenCall): void {
    if (!this.#running.has(winner)) return
    this.#cancelTimer?.()
    this.#isOver = true
    this.#dropOthers(winner)
  }

  #done(outcome: RaceOutcome<T>, call: OpenCall): void {
    if (!this.#running.has(call)) return
    this.#won(call)
    this.#settle(outcome)
  }

  #failed(call: OpenCall, cause: unknown): void {
    if (!this.#running.delete(call)) return
    const outcome = { ...call, cause }
    if (this.#options.isFinal(call, cause) || this.#isOver) this.#end(outcome)
    else if (this.#running.size > 0) this.#options.dropped(call, cause)
    else if (this.#isOpening) this.#failedBefore = outcome
    else this.#end(outcome)
  }

  #end(outcome: RaceOutcome<T>): void {
    this.#cancelTimer?.()
    this.#isOver = true
    this.#dropOthers(undefined)
    this.#settle(outcome)
  }

  #dropOthers(kept: OpenCall | undefined): void {
    for (const call of this.#running) {
      if (call === kept) continue
      this.#running.delete(call)
      this.#options.dropped(call, needless())
    }
  }
}

function needless(): DragomanError {
  return new DragomanError('aborted', 'Another call for this request was faster')
}
