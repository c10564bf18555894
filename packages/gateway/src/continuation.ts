import type { AnswerItem, Prefill } from '@dragoman/core'
import { addUsage, heartbeat, utf8Length } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  Delta,
  Usage,
} from '@dragoman/openai-schema'
import type { ChatContext } from './answer.ts'
import { Seam } from './seam.ts'

/** Calls that may go on with one answer, after the one that began it. */
export const maxContinuations = 2

/** No longer text is remembered, in characters. */
const longestText = 400_000

/** What remains of a token limit is never less: the length of what was said is only estimated. */
const fewestTokens = 16

/**
 * Whether the answer to a request is a text that another call could go on with: one choice, no tools, no form that it
 * has to keep, nothing that belongs to single tokens, nothing that is only in the client's own bytes.
 */
export function mayBeContinued(
  chat: ChatCompletionRequest | undefined,
  { relayOnly }: Pick<ChatContext, 'relayOnly'>,
): boolean {
  if (!chat?.stream || relayOnly) return false
  const { n, tools, functions, plugins, messages, modalities, response_format: form } = chat
  if ((n ?? 1) !== 1 || isList(tools) || isList(functions) || isList(plugins)) return false
  if (form && form.type !== 'text') return false
  if (chat.logprobs || chat.audio || chat.web_search_options || chat.guided_json || chat.web_search) return false
  if (modalities?.some((modality) => modality !== 'text')) return false
  return messages.at(-1)?.role !== 'assistant'
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}

/** The request for the rest of an answer of which `said` is known. */
export function requestForRest(
  request: ChatCompletionRequest,
  said: string,
  prefill: Prefill | undefined,
): ChatCompletionRequest {
  const answer: AssistantMessage = { role: 'assistant', content: said }
  // Anthropic refuses a last message that ends with white space; the seam takes care of that.
  if (prefill === 'plain') answer.content = said.trimEnd()
  else if (prefill) answer[prefill] = true
  const added: ChatMessage[] = prefill ? [answer] : [answer, { role: 'user', content: goOn }]
  const rest = { ...request, messages: [...request.messages, ...added] }
  const spent = Math.ceil(utf8Length(said) / 4)
  for (const field of ['max_tokens', 'max_completion_tokens'] as const) {
    const limit = request[field]
    if (typeof limit === 'number') rest[field] = Math.max(limit - spent, fewestTokens)
  }
  return rest
}

const goOn =
  'Your last message was cut off. Go on exactly where it stops, in the middle of a sentence or a word if need be. ' +
  'Write only what is missing: repeat nothing, explain nothing.'

/** What a client has been given of an answer, and how what follows is made a part of it. */
export class SaidText {
  /** What calls that were cut have used. */
  spent: Usage | undefined
  /** How often calls were made to go on with it. */
  continuations = 0
  #head: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'> | undefined
  #pieces: string[] = []
  #length = 0
  #isText = true
  #isFinished = false
  #seam: Seam | undefined

  /** Some text is there and nothing else that could be half said, and the model has not said that it is done. */
  get canGoOn(): boolean {
    return this.#isText && this.#length > 0 && !this.#isFinished && this.continuations < maxContinuations
  }

  get text(): string {
    return this.#pieces.join('')
  }

  /** A call was cut. @param spent what it has used */
  wasCut(spent: Usage): void {
    this.spent = this.spent ? addUsage(this.spent, spent) : spent
    this.continuations++
  }

  /** From here on items are those of another call, which was asked in this way. */
  goesOn(prefill: Prefill | undefined): void {
    this.#seam = new Seam(this.text, { isTrimmed: prefill === 'plain' })
  }

  /** An item as the client is to have it; undefined where nothing is left of it. */
  pass(item: AnswerItem): AnswerItem | undefined {
    if (item === heartbeat) return item
    if (item instanceof Uint8Array) {
      this.#isText = false
      return item
    }
    const chunk = this.#seam ? this.#joined(item, this.#seam) : item
    if (chunk) this.#note(chunk)
    return chunk
  }

  /** What was held back when a later call was cut as well. */
  get held(): ChatCompletionChunk | undefined {
    const content = this.#seam?.end()
    if (!content || !this.#head) return undefined
    const choices = [{ index: 0, delta: { content }, finish_reason: null }]
    const chunk: ChatCompletionChunk = { ...this.#head, object: 'chat.completion.chunk', choices }
    this.#note(chunk)
    return chunk
  }

  #note(chunk: ChatCompletionChunk): void {
    this.#head ??= { id: chunk.id, created: chunk.created, model: chunk.model }
    for (const { index, delta, finish_reason } of chunk.choices) {
      if (finish_reason) this.#isFinished = true
      if (index !== 0 || holdsMore(delta)) this.#isText = false
      const { content } = delta
      if (!content || !this.#isText) continue
      this.#pieces.push(content)
      this.#length += content.length
      if (this.#length > longestText) this.#isText = false
    }
    if (!this.#isText) this.#pieces = []
  }

  #joined(chunk: ChatCompletionChunk, seam: Seam): ChatCompletionChunk | undefined {
    const usage = chunk.usage && this.spent ? addUsage(this.spent, chunk.usage) : chunk.usage
    const joined = { ...chunk, ...this.#head, ...(usage && { usage }) }
    const [choice] = chunk.choices
    if (!choice) return joined
    // It thinks anew about a text whose beginning stands; the client would take that for a part of the answer.
    const { role, content, reasoning_content, reasoning_details, reasoning, ...delta } = choice.delta
    const text = seam.push(content ?? '') + (choice.finish_reason ? seam.end() : '')
    if (!text && !choice.finish_reason && Object.keys(delta).length === 0) return undefined
    const rest: Delta = text ? { ...delta, content: text } : delta
    return { ...joined, choices: [{ ...choice, delta: rest }] }
  }
}

/** What all calls for an answer have used. @param last of the one that is not among those that were cut */
export function usageWith({ spent }: SaidText, last: Usage | undefined): Usage | undefined {
  return spent && last ? addUsage(spent, last) : (spent ?? last)
}

/** Something that cannot be gone on with by more text. Reasoning can, once it is followed by text. */
function holdsMore({ tool_calls, function_call, refusal, audio, annotations }: Delta): boolean {
  return Boolean(tool_calls?.length || function_call || refusal || audio || annotations?.length)
}
