import type { ChatCompletionRequest, Usage } from '@dragoman/openai-schema'
import type { Answer, AnswerPart } from './answer.ts'
import { textOf } from './question.ts'

const bytesPerToken = 4
/** As OpenAI counts a small image. */
const tokensPerAttachment = 85

const encoder = new TextEncoder()

function bytesOf(text: string): number {
  return encoder.encode(text).length
}

/** What a client sees appear one after the other: words with the space before them, and parts of long ones. */
export function* piecesOf(text: string): Iterable<string> {
  for (const [piece] of text.matchAll(/\s*\S{1,16}|\s+$/gu)) yield piece
}

/**
 * Ends an answer at the first of `stops` in its text, and at `maxTokens`, reasoning and calls included. At whole words,
 * unless not even the first would fit.
 */
export function limited(answer: Answer, stops: readonly string[], maxTokens: number | undefined): Answer {
  const stopped = stoppedAt(answer, stops)
  if (maxTokens === undefined) return stopped
  let left = maxTokens * bytesPerToken
  const parts: AnswerPart[] = []
  for (const part of stopped.parts) {
    if (part.kind === 'call') left -= bytesOf(part.tool.name)
    if (left <= 0) return { parts, finishReason: 'length' }
    const text = beginning(part.text, left, parts.length === 0)
    left -= bytesOf(text)
    if (text !== '' || part.kind === 'call') parts.push({ ...part, text })
    if (text.length < part.text.length) return { parts, finishReason: 'length' }
  }
  return { ...stopped, parts }
}

function stoppedAt(answer: Answer, stops: readonly string[]): Answer {
  for (const [i, part] of answer.parts.entries()) {
    if (part.kind !== 'text') continue
    const ends = stops.map((stop) => (stop === '' ? -1 : part.text.indexOf(stop)))
    const end = ends.reduce((first, at) => (at === -1 ? first : Math.min(first, at)), part.text.length)
    if (end === part.text.length) continue
    return { parts: [...answer.parts.slice(0, i), { ...part, text: part.text.slice(0, end) }], finishReason: 'stop' }
  }
  return answer
}

function beginning(text: string, bytes: number, isFirst: boolean): string {
  const words = fitting(piecesOf(text), bytes)
  // A limit of one token must not look like no answer at all.
  return words === '' && isFirst ? fitting(text, bytes) : words
}

function fitting(pieces: Iterable<string>, bytes: number): string {
  let left = bytes
  let text = ''
  for (const piece of pieces) {
    left -= bytesOf(piece)
    if (left < 0) break
    text += piece
  }
  return text
}

/** Four bytes are a token. That is how this provider counts, so it is no estimate. */
export function usageOf(request: ChatCompletionRequest, answers: readonly Answer[]): Usage {
  const prompt = promptTokens(request)
  let completion = 0
  let reasoning = 0
  for (const { parts } of answers) {
    const sizes = parts.map((part) => ({
      kind: part.kind,
      bytes: bytesOf(part.text) + (part.kind === 'call' ? bytesOf(part.tool.name) : 0),
    }))
    const tokens = (some: typeof sizes) => Math.ceil(some.reduce((sum, { bytes }) => sum + bytes, 0) / bytesPerToken)
    completion += tokens(sizes)
    reasoning += tokens(sizes.filter(({ kind }) => kind === 'reasoning'))
  }
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function promptTokens({ messages, tools, functions, response_format: format }: ChatCompletionRequest): number {
  let bytes = 0
  let attachments = 0
  for (const message of messages) {
    bytes += bytesOf(message.role) + bytesOf(textOf(message.content))
    if (message.role === 'assistant' && message.tool_calls) bytes += bytesOf(JSON.stringify(message.tool_calls))
    if (Array.isArray(message.content)) attachments += message.content.filter(({ type }) => type !== 'text').length
  }
  for (const demand of [tools, functions, format]) if (demand) bytes += bytesOf(JSON.stringify(demand))
  return Math.ceil(bytes / bytesPerToken) + attachments * tokensPerAttachment
}
