import { type DragomanError, isRecord, readUsage } from '@dragoman/core'
import type { ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import { createDecoder } from '@dragoman/provider-openai-compatible'
import { END, type StreamEvent } from '@dragoman/upstream'
import { DetailsTags } from '../details-tags.ts'
import { isDetail, siteName } from './site-errors.ts'

type Chunk = ChatCompletionChunk
type Fields = Readonly<Record<string, unknown>>

export interface SiteDecoderOptions {
  /** What an error that the site reports in its answer is. */
  errorFrom(json: unknown): DragomanError
  /** Of the chunks that are made of snapshots. */
  readonly head: Pick<Chunk, 'id' | 'created' | 'model'>
}

const ends: ReadonlySet<string> = new Set(['[DONE]', 'DONE', 'done', '-1'])

const none: readonly Chunk[] = []

/**
 * Reads the frames of one answer, of either kind: chunks as OpenAI's, and snapshots `{ content }` of all text so far.
 *
 * A snapshot is rewritten first (`DetailsTags`), because its wrapper changes while the text in it grows. What does not
 * continue what was sent says nothing.
 */
export class SiteDecoder {
  readonly #chat: ReturnType<typeof createDecoder>
  readonly #options: SiteDecoderOptions
  #sent = ''
  #snapshot = ''
  #hasEnded = false
  #hasReason = false

  constructor(options: SiteDecoderOptions) {
    this.#options = options
    this.#chat = createDecoder({ name: siteName, errorFrom: options.errorFrom, usesFunctions: false })
  }

  event(event: StreamEvent): readonly Chunk[] | typeof END {
    const data = event.data.trim()
    if (ends.has(data)) {
      this.#hasEnded = true
      return END
    }
    const json = parse(data)
    if (isRecord(json) && !('choices' in json) && !json.error && event.event !== 'error') return this.#own(json)
    const chunks = this.#chat.event(event)
    if (chunks === END) return END
    if (chunks.some(({ choices }) => choices?.[0]?.finish_reason)) this.#hasReason = true
    return chunks
  }

  /** An answer that came whole. */
  whole(json: unknown): readonly Chunk[] {
    return this.#chat.completion(json)
  }

  /** To be asked when the stream is over: the site's word that it is stands for the finish reason that it left out. */
  *end(): Iterable<Chunk> {
    if (!this.#hasEnded || this.#hasReason) return
    if (this.#snapshot !== '') {
      const tags = new DetailsTags()
      yield* this.#grow(tags.push(this.#snapshot) + tags.end())
    }
    yield this.#chunk({}, 'stop')
  }

  #own(json: Fields): readonly Chunk[] | typeof END {
    if (isDetail(json)) throw this.#options.errorFrom(json)
    if (json.done === true) this.#hasEnded = true
    if (typeof json.content === 'string') {
      const text = new DetailsTags().push(json.content)
      if (text.startsWith(this.#sent)) this.#snapshot = json.content
      return this.#grow(text)
    }
    if (this.#hasEnded) return END
    // Titles, states and sources are nothing of the answer.
    const usage = isRecord(json.usage) ? readUsage(unchecked(json.usage)) : undefined
    return usage ? [{ ...this.#chunk({}, null), choices: [], usage }] : none
  }

  #grow(text: string): readonly Chunk[] {
    if (text.length <= this.#sent.length || !text.startsWith(this.#sent)) return none
    const content = text.slice(this.#sent.length)
    this.#sent = text
    return [this.#chunk({ content }, null)]
  }

  #chunk(delta: Chunk['choices'][number]['delta'], finish_reason: 'stop' | null): Chunk {
    return { ...this.#options.head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] }
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined // the decoder of chunks says what is wrong with it
  }
}

/** `readUsage` looks at each field that it reads. */
function unchecked(usage: Fields): Usage {
  return usage as unknown as Usage
}
