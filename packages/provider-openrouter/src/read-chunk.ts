import { type DragomanError, isRecord } from '@dragoman/core'
import type { ChatCompletionChunk, ChunkChoice, Delta, ReasoningDetail } from '@dragoman/openai-schema'
import { ReasoningBlocks } from './reasoning-blocks.ts'

/** Mends the chunks of one answer; a chunk that needs nothing goes through as the same object. */
export function chunkReader(
  errorFrom: (json: unknown) => DragomanError,
): (chunk: ChatCompletionChunk) => ChatCompletionChunk {
  const blocks = new Map<number, ReasoningBlocks>()

  /** Throws the error that a choice ended with. */
  function read(choice: ChunkChoice): ChunkChoice {
    if (!isRecord(choice)) return choice
    const error: unknown = 'error' in choice ? choice.error : undefined
    if (isRecord(error)) throw errorFrom({ error })
    const details: unknown = choice.delta?.reasoning_details
    if (!Array.isArray(details) || details.length === 0) return choice
    const known = blocks.get(choice.index) ?? new ReasoningBlocks()
    blocks.set(choice.index, known)
    const delta = mended(choice.delta, details, known)
    return delta === choice.delta ? choice : { ...choice, delta }
  }

  return (chunk) => {
    if (!Array.isArray(chunk.choices)) return chunk
    const choices = chunk.choices.map(read)
    return choices.every((choice, i) => choice === chunk.choices[i]) ? chunk : { ...chunk, choices }
  }
}

/** Some providers behind OpenRouter give details only, where hardly a client reads what the model thinks. */
function mended(delta: Delta, given: readonly ReasoningDetail[], blocks: ReasoningBlocks): Delta {
  const details = given.filter(isRecord).map((detail) => blocks.numbered(detail))
  const text = delta.reasoning || delta.reasoning_content ? '' : details.map(textOf).join('')
  const isSame = details.length === given.length && details.every((detail, i) => detail === given[i])
  if (isSame && text === '') return delta
  return { ...delta, reasoning_details: details, ...(text !== '' && { reasoning_content: text }) }
}

function textOf(detail: ReasoningDetail): string {
  if (detail.type === 'reasoning.text') return detail.text ?? ''
  return detail.type === 'reasoning.summary' ? detail.summary : ''
}
