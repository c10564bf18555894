import {
  type AnswerItem,
  type CanonicalTransform,
  Collector,
  chain,
  DragomanError,
  endedBy,
  type Taker,
  type Transform,
  takeNext,
} from '@dragoman/core'
import type { ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import { type Lane, takeLeave, type WholeAnswer } from './lane.ts'
import type { TurnReader } from './turn-reader.ts'

export interface ParsedLaneOptions {
  /** Called on the first read, so that a provider that throws before it gives an iterable fails like any other. */
  open(): AsyncIterable<ChatCompletionChunk>
  readonly transforms: readonly Transform[]
  /** The last of all transforms. */
  readonly canonical: CanonicalTransform
  readonly answersWhole: boolean
  readonly watchesItself?: boolean | undefined
  /** Sees what is handed out. */
  readonly turn?: TurnReader | undefined
}

/** Chunks of a provider, through the deployment's transforms and into the canonical form. */
export class ParsedLane implements Lane {
  readonly answersWhole: boolean
  readonly watchesItself: boolean | undefined
  readonly #open: () => AsyncIterable<ChatCompletionChunk>
  readonly #canonical: CanonicalTransform
  readonly #transform: Transform
  readonly #turn: TurnReader | undefined
  #source: AsyncIterator<ChatCompletionChunk> | undefined
  #taker: Taker<AnswerItem> | undefined
  /** Made by one chunk, or by the end; handed out one by one. */
  #ready: ChatCompletionChunk[] = []
  #finishReason: string | null | undefined
  #outcome: { error: unknown } | 'complete' | undefined

  constructor({ open, transforms, canonical, answersWhole, watchesItself, turn }: ParsedLaneOptions) {
    this.#turn = turn
    this.#open = open
    this.#canonical = canonical
    this.#transform = transforms.length === 0 ? canonical : chain([...transforms, canonical])
    this.answersWhole = answersWhole
    this.watchesItself = watchesItself
  }

  get hasOutput(): boolean {
    return this.#canonical.hasOutput
  }

  get usage(): Usage {
    return this.#canonical.usageOrEstimate()
  }

  get finishReason(): string | undefined {
    return this.#canonical.finishReason
  }

  async next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    while (this.#ready.length === 0 && this.#outcome === undefined) await this.#read()
    const value = this.#ready.shift()
    if (value) return { done: false, value }
    if (this.#outcome === 'complete') return { done: true, value: undefined }
    throw this.#outcome?.error
  }

  take(taker: Taker<AnswerItem>): void {
    const ready = this.#ready.shift()
    if (ready) taker.item(ready)
    else if (this.#outcome === 'complete') taker.done()
    else if (this.#outcome) taker.fail(this.#outcome.error)
    else if (this.#source) {
      this.#taker = taker
      takeNext(this.#source, this.#fromSource)
    } else taker.fail(new DragomanError('internal', 'Items were taken before the first was asked for'))
  }

  async whole(progress: () => void): Promise<WholeAnswer> {
    const collector = new Collector()
    for (;;) {
      const { done, value } = await this.next()
      if (done) return { kind: 'completion', completion: collector.completion() }
      collector.push(value)
      progress()
    }
  }

  leave(): void {
    // Whoever is still reading stops, also where the provider goes on and on.
    // A source that has ended has nothing to be left.
    if (this.#outcome === 'complete') return
    this.#outcome ??= { error: new DragomanError('aborted', 'This answer has been left') }
    takeLeave(this.#source)
  }

  async #read(): Promise<void> {
    try {
      // Awaited, because a plugin may have made `chat` async; what that rejects with would end the process.
      this.#source ??= (await this.#open())[Symbol.asyncIterator]()
      const { done, value } = await this.#source.next()
      if (done) this.#end()
      else this.#push(value)
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #fromSource: Taker<ChatCompletionChunk> = {
    item: (chunk) => this.#handOn(() => this.#push(chunk)),
    done: () => this.#handOn(() => this.#end()),
    fail: (error) => this.#handOn(() => this.#fail(error)),
  }

  #handOn(happened: () => void): void {
    try {
      happened()
    } catch (error) {
      this.#fail(error)
    }
    const taker = this.#taker
    this.#taker = undefined
    if (taker) this.take(taker)
  }

  #push(chunk: ChatCompletionChunk): void {
    this.#finishReason = chunk.choices?.[0]?.finish_reason ?? this.#finishReason
    this.#keep(this.#transform.push(chunk))
  }

  #end(): void {
    this.#keep(this.#transform.end(endedBy(this.#finishReason)))
    this.#outcome ??= 'complete'
  }

  /** What was held is let out first, then the error. */
  #fail(error: unknown): void {
    if (this.#outcome === undefined) this.#flush()
    this.#outcome = { error }
  }

  #flush(): void {
    try {
      this.#keep(this.#transform.end('cut'))
    } catch {
      // The error that broke the stream says more than what follows from it.
    }
  }

  #keep(chunks: Iterable<ChatCompletionChunk>): void {
    for (const chunk of chunks) {
      this.#turn?.chunk(chunk)
      this.#ready.push(chunk)
    }
  }
}
