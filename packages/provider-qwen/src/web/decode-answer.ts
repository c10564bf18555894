import { DragomanError, isRecord } from '@dragoman/core'
import type { Annotation, ChatCompletionChunk, Delta, FinishReason, Usage } from '@dragoman/openai-schema'
import { END, type StreamEvent } from '@dragoman/upstream'
import { GrowingList, GrowingText } from './growing-text.ts'
import { type Fields, recordOf, textOf } from './record.ts'
import { reportsError } from './site-error.ts'

export interface DecodeOptions {
  readonly id: string
  readonly model: string
  /** Unix seconds. */
  readonly created: number
  /** The chat makes pictures: there its text may be the address of one, and no other answer follows. */
  readonly makesImages: boolean
  errorFrom(json: unknown): DragomanError
}

/** Reads the frames of one answer. `[DONE]` may be missing; only `finished` says that the answer is complete. */
export class AnswerDecoder {
  readonly #options: DecodeOptions
  readonly #texts = new Map<string, GrowingText>()
  readonly #summary = new GrowingList()
  readonly #urls = new Set<string>()
  #responseId: string | undefined
  #usage: Usage | undefined
  #finishReason: FinishReason | undefined
  #isFinished = false
  #hasContent = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  /** Whether the answer has said anything but reasoning. */
  get hasContent(): boolean {
    return this.#hasContent
  }

  event = ({ data }: StreamEvent): readonly ChatCompletionChunk[] | typeof END => {
    const text = data.trim()
    if (text === '[DONE]') return END
    if (text === '') return []
    const frame = parse(text)
    if (!isRecord(frame)) {
      throw new DragomanError('upstream_protocol', 'chat.qwen.ai sent an event that is no JSON object', {
        origin: 'upstream',
      })
    }
    return this.#frame(frame)
  }

  /** An image as Markdown, once per address. */
  image(url: string): readonly ChatCompletionChunk[] {
    if (this.#urls.has(url)) return []
    const content = `${this.#hasContent ? '\n' : ''}![image](${url})`
    this.#urls.add(url)
    this.#hasContent = true
    return [this.#chunk({ content })]
  }

  /** The end of an answer that has none of its own. */
  finish(): readonly ChatCompletionChunk[] {
    if (this.#isFinished) return []
    this.#isFinished = true
    return [this.#chunk({}, this.#finishReason ?? 'stop')]
  }

  #frame(frame: Fields): readonly ChatCompletionChunk[] {
    const created = recordOf(frame['response.created'])
    this.#responseId ??= textOf(created.response_id)
    if (reportsError(frame)) throw this.#options.errorFrom(frame)
    const choice = recordOf(Array.isArray(frame.choices) ? frame.choices[0] : undefined)
    const delta = recordOf(choice.delta)
    if (delta.error) throw this.#options.errorFrom({ error: delta.error })
    // Another tab, or an answer to an earlier message of the chat.
    const id = textOf(frame.response_id)
    if (id !== undefined && this.#responseId !== undefined && id !== this.#responseId) return []

    const usage = readUsage(frame.usage)
    this.#usage = usage ?? this.#usage
    // What comes after the end is the last count of tokens.
    if (this.#isFinished) return usage ? [{ ...this.#chunk({}), choices: [], usage }] : []
    this.#finishReason = finishReasonOf(choice.finish_reason) ?? this.#finishReason
    const chunks = [...this.#delta(delta)]
    return this.#isEnd(delta) ? [...chunks, ...this.finish()] : chunks
  }

  *#delta(delta: Fields): Iterable<ChatCompletionChunk> {
    const phase = textOf(delta.phase) ?? 'answer'
    const extra = recordOf(delta.extra)
    const annotations = this.#citations(extra.web_search_info)
    if (annotations.length > 0) yield this.#chunk({ annotations })
    for (const entry of list(extra.image_list)) {
      const url = textOf(isRecord(entry) ? entry.image : entry)
      if (url) yield* this.image(url)
    }
    const content = typeof delta.content === 'string' ? delta.content : ''
    if (phase === 'web_search' || delta.name === 'web_search' || delta.role === 'function') return
    if (phase === 'thinking_summary') {
      const text = this.#summary.push(summaryLines(extra))
      if (text !== '') yield this.#chunk({ reasoning_content: text })
      return
    }
    if (phase === 'image_gen' || phase === 'image_gen_tool' || (this.#options.makesImages && isAddress(content))) {
      for (const [url] of content.matchAll(/https?:\/\/[^\s)"'<>]+/g)) yield* this.image(url)
      return
    }
    const isAnswer = phase === 'answer'
    // The end of thinking, in words.
    if (!isAnswer && delta.status === 'finished' && content === 'FINISHED') return
    const fresh = this.#textOf(phase).push(content)
    if (fresh === '') return
    if (isAnswer) this.#hasContent = true
    // Phases that are not known are steps on the way to the answer.
    yield this.#chunk(isAnswer ? { content: fresh } : { reasoning_content: fresh })
  }

  #isEnd({ phase = 'answer', status }: Fields): boolean {
    if (this.#finishReason === 'length') return true
    if (status !== 'finished') return false
    return phase === 'answer' || phase === '' || phase === null || (this.#options.makesImages && this.#urls.size > 0)
  }

  #textOf(phase: string): GrowingText {
    const text = this.#texts.get(phase) ?? new GrowingText()
    this.#texts.set(phase, text)
    return text
  }

  #citations(found: unknown): Annotation[] {
    const fresh = list(found)
      .map(recordOf)
      .filter(({ url }) => typeof url === 'string' && !this.#urls.has(url))
    return fresh.map(({ url, title }) => {
      this.#urls.add(String(url))
      const citation = { url: String(url), title: textOf(title) ?? String(url), start_index: 0, end_index: 0 }
      return { type: 'url_citation', url_citation: citation }
    })
  }

  #chunk(delta: Delta, finish_reason: FinishReason | null = null): ChatCompletionChunk {
    const { id, model, created } = this.#options
    const usage = finish_reason !== null && this.#usage ? { usage: this.#usage } : {}
    return {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices: [{ index: 0, delta, finish_reason }],
      ...usage,
    }
  }
}

/** Title and thought in turn, as the site shows them. */
function summaryLines({ summary_title, summary_thought }: Fields): string[] {
  const titles = list(recordOf(summary_title).content)
  const thoughts = list(recordOf(summary_thought).content)
  const lines = Array.from({ length: Math.max(titles.length, thoughts.length) }, (_, i) => [titles[i], thoughts[i]])
  return lines.flat().filter((line): line is string => typeof line === 'string' && line !== '')
}

/** Builds of the site name the counts in two ways. */
function readUsage(reported: unknown): Usage | undefined {
  const usage = recordOf(reported)
  const prompt = countIn(usage.input_tokens ?? usage.prompt_tokens)
  const completion = countIn(usage.output_tokens ?? usage.completion_tokens)
  if (prompt === undefined || completion === undefined) return undefined
  const read: Usage = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: countIn(usage.total_tokens) ?? prompt + completion,
  }
  const cached = countIn(recordOf(usage.input_tokens_details ?? usage.prompt_tokens_details).cached_tokens)
  const reasoning = countIn(recordOf(usage.output_tokens_details ?? usage.completion_tokens_details).reasoning_tokens)
  if (cached !== undefined) read.prompt_tokens_details = { cached_tokens: cached }
  if (reasoning !== undefined) read.completion_tokens_details = { reasoning_tokens: reasoning }
  return read
}

function finishReasonOf(reason: unknown): FinishReason | undefined {
  return reason === 'length' || reason === 'content_filter' ? reason : undefined
}

function countIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function isAddress(content: string): boolean {
  return /^\s*(!\[[^\]]*\]\()?https?:\/\/[^\s)]+\)?\s*$/.test(content)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told apart from an object by the caller, without quoting what may hold anything
  }
}
