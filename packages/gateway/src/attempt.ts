import {
  type AttemptEntry,
  type Call,
  type CanonicalTransform,
  type Clock,
  Collector,
  canonicalChunks,
  chain,
  DragomanError,
  isMeaningful,
  type Lease,
  type StateStore,
  transformed,
  untilAborted,
} from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import { type Limits, mergeLimits } from './limits.ts'

/** Without new output an answer may go on for this many times `idleMs`, as long as bytes come (the upstream's own limit). */
export const idleChunksFactor = 5

/** An upstream that does not stream gives its first output with its last, and gets this many times as long for it. */
const wholeAnswerFactor = 5

export interface AttemptContext {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly state: StateStore
  readonly limits: Partial<Limits>
}

/**
 * One call to one target with one credential.
 *
 * It owns the lease, the upstream's iterator and the limits that belong to a call. Exactly one of `succeed` and `fail`
 * ends it; both are safe to call again.
 */
export class Attempt {
  readonly target: Target
  readonly limits: Limits
  #lease: Lease
  #context: AttemptContext
  #controller = new AbortController()
  #signal: AbortSignal
  #canonical: CanonicalTransform
  #chunks: AsyncGenerator<ChatCompletionChunk>
  #startedAt: number
  #begunAt: number
  #upstreamStatus: number | undefined
  #entry: AttemptEntry | undefined

  constructor(target: Target, lease: Lease, request: ChatCompletionRequest, context: AttemptContext) {
    const { clock, state } = context
    this.target = target
    this.limits = mergeLimits(target.limits, target.entry.limits, context.limits)
    this.#lease = lease
    this.#context = context
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#canonical = canonicalChunks(request, clock)
    this.#signal = AbortSignal.any([context.signal, this.#controller.signal])
    const call: Call = {
      credential: lease.credential,
      signal: this.#signal,
      state,
      limits: this.limits,
      observe: (event) => {
        if (event.type === 'response') this.#upstreamStatus = event.status
      },
    }
    const sent = { ...request, model: target.model }
    const transforms = [...(target.transforms?.(sent) ?? []), this.#canonical]
    // Opened on the first read, so that a provider that throws before it gives an iterable fails like any other.
    const chunks = { [Symbol.asyncIterator]: () => target.entry.provider.chat(sent, call)[Symbol.asyncIterator]() }
    this.#chunks = transformed(chunks, chain(transforms))
  }

  /** Tells what was used, and how much: the upstream's report, else an estimate that says so. */
  get usage() {
    return this.#canonical.usageOrEstimate()
  }

  get finishReason() {
    return this.#canonical.finishReason
  }

  /** The whole answer. */
  complete(): Promise<ChatCompletion> {
    const collected = async () => {
      const collector = new Collector()
      for (const chunk of await this.begin()) collector.push(chunk)
      const idle = this.#watchIdle()
      try {
        for (;;) {
          const { done, value } = await this.next()
          if (done) return collector.completion()
          idle.touch()
          collector.push(value)
        }
      } finally {
        idle.cancel()
      }
    }
    return untilAborted(collected(), this.#signal)
  }

  /** Aborts when no chunk has come for too long. One timer, which looks at the time instead of being set anew. */
  #watchIdle(): { touch: () => void; cancel: () => void } {
    const { clock } = this.#context
    const idleMs = this.limits.idleMs * idleChunksFactor
    let lastAt = clock.elapsed()
    const look = () => {
      const left = lastAt + idleMs - clock.elapsed()
      if (left > 0) cancel = clock.schedule(look, left)
      else {
        const message = `${this.target.entry.id} gave no output for ${idleMs} ms (limits.idleMs)`
        this.abort(new DragomanError('upstream_timeout', message, { origin: 'upstream' }))
      }
    }
    let cancel = clock.schedule(look, idleMs)
    return {
      touch: () => {
        lastAt = clock.elapsed()
      },
      cancel: () => cancel(),
    }
  }

  /** The chunks up to and with the first that carries output; all of them where none does. */
  async begin(): Promise<ChatCompletionChunk[]> {
    const { provider } = this.target.entry
    const firstTokenMs = this.limits.firstTokenMs * (provider.answersWhole ? wholeAnswerFactor : 1)
    const cancel = this.#context.clock.schedule(() => {
      const message = `${this.target.entry.id} gave no output within ${firstTokenMs} ms (limits.firstTokenMs)`
      this.abort(new DragomanError('upstream_timeout', message, { origin: 'upstream' }))
    }, firstTokenMs)
    try {
      return await untilAborted(this.#untilOutput(), this.#signal)
    } finally {
      cancel()
    }
  }

  async #untilOutput(): Promise<ChatCompletionChunk[]> {
    const chunks: ChatCompletionChunk[] = []
    for (;;) {
      const { done, value } = await this.next()
      if (done) return chunks
      chunks.push(value)
      if (isMeaningful(value)) return chunks
    }
  }

  /** What follows `begin`. Whoever waits for it watches `signal` too: a provider may never settle. */
  next(): Promise<IteratorResult<ChatCompletionChunk>> {
    return this.#chunks.next()
  }

  get credentialId(): string {
    return this.#lease.credential.id
  }

  get signal(): AbortSignal {
    return this.#signal
  }

  /** Ends the call with what made it fail; the upstream's socket is closed. */
  abort(reason: DragomanError): void {
    this.#controller.abort(reason)
  }

  succeed(): AttemptEntry {
    return this.#end(undefined)
  }

  fail(error: DragomanError): AttemptEntry {
    return this.#end(error)
  }

  #end(error: DragomanError | undefined): AttemptEntry {
    if (this.#entry) return this.#entry
    if (error) this.#controller.abort(error)
    this.#chunks.return(undefined).catch(() => {
      // The answer is over for us; how the provider takes leave changes nothing.
    })
    if (!error) this.#lease.settle({ kind: 'ok' })
    else if (error.scope === 'aborted') this.#lease.settle({ kind: 'aborted' })
    else this.#lease.settle({ kind: 'failed', error })
    this.#entry = {
      provider: this.target.entry.id,
      model: this.target.model,
      credential: this.#lease.credential.id,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.#context.clock.elapsed() - this.#begunAt),
      upstreamStatus: this.#upstreamStatus,
      error: error && { code: error.code, message: error.message },
    }
    return this.#entry
  }
}
