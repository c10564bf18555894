// For tests only: chunks of an upstream, and what a client makes of them.

import type { ChatChunkChoice, ChatDelta } from './chat-types.ts'

export interface TestChunk {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  readonly created: number
  readonly model: string
  readonly choices: readonly ChatChunkChoice[]
  readonly [field: string]: unknown
}

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const

/** A chunk with one choice. */
export function chunk(delta: Record<string, unknown>, finish_reason: string | null = null, more = {}): TestChunk {
  return { ...head, choices: [{ index: 0, delta: delta as ChatDelta, finish_reason }], ...more }
}

export function said(...pieces: readonly string[]): TestChunk[] {
  return pieces.map((content) => chunk({ content }))
}

export const done = chunk({}, 'stop')

export interface ClientAnswer {
  content: string
  reasoning: string
  calls: { id: string; name: string; arguments: string }[]
  finishReason: string | null | undefined
}

/** Joins the deltas of a choice as clients do. Throws where a client would stumble. */
export function answerOf(chunks: readonly TestChunk[], index = 0): ClientAnswer {
  const answer: ClientAnswer = { content: '', reasoning: '', calls: [], finishReason: null }
  for (const { choices } of chunks) {
    for (const choice of choices) {
      if (choice.index !== index) continue
      if (answer.finishReason) throw new Error('something after the finish reason')
      const { content, reasoning_content, tool_calls } = choice.delta
      if (typeof content === 'string') answer.content += content
      if (typeof reasoning_content === 'string') answer.reasoning += reasoning_content
      for (const call of (tool_calls as CallPiece[] | undefined) ?? []) addCall(answer, call)
      answer.finishReason = choice.finish_reason
    }
  }
  return answer
}

interface CallPiece {
  readonly index: number
  readonly id?: string
  readonly function: { readonly name?: string; readonly arguments: string }
}

function addCall({ calls }: ClientAnswer, { index, id, function: { name, arguments: text } }: CallPiece): void {
  const known = calls[index]
  if (known) {
    if (id !== undefined || name !== undefined) throw new Error('a call is named twice')
    known.arguments += text
    return
  }
  if (index !== calls.length || id === undefined || name === undefined) throw new Error('a call without its head')
  calls.push({ id, name, arguments: text })
}

export async function* streamOf<T>(items: Iterable<T>, error?: Error): AsyncGenerator<T> {
  yield* items
  if (error) throw error
}
