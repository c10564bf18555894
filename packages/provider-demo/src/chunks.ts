import type { ChatCompletionChunk, ChunkChoice, Delta, Usage } from '@dragoman/openai-schema'
import type { Answer, CallPart } from './answer.ts'
import { piecesOf } from './tokens.ts'

export type ChunkHead = Pick<ChatCompletionChunk, 'id' | 'created' | 'model'>

/** The chunks of an answer with one choice or more, which take turns, and its usage. */
export function* chunksOf(head: ChunkHead, answers: readonly Answer[], usage: Usage): Iterable<ChatCompletionChunk> {
  const chunk = (choices: ChunkChoice[]): ChatCompletionChunk => ({ ...head, object: 'chat.completion.chunk', choices })
  let open = answers.map((answer, index) => choicesOf(answer, index, head.id)[Symbol.iterator]())
  while (open.length > 0) {
    const unfinished: typeof open = []
    for (const choice of open) {
      const { done, value } = choice.next()
      if (done) continue
      unfinished.push(choice)
      yield chunk([value])
    }
    open = unfinished
  }
  yield { ...chunk([]), usage }
}

function* choicesOf({ parts, finishReason }: Answer, index: number, answerId: string): Iterable<ChunkChoice> {
  const choice = (delta: Delta): ChunkChoice => ({ index, delta, logprobs: null, finish_reason: null })
  const hasText = parts.length === 0 || parts.some((part) => part.kind !== 'call' && part.field === 'content')
  yield choice({ role: 'assistant', content: hasText ? '' : null })

  let call = 0
  for (const part of parts) {
    if (part.kind === 'call') {
      for (const delta of callDeltas(part, call, `call_${answerId.slice(-16)}_${index}_${call}`)) yield choice(delta)
      call++
    } else {
      for (const piece of piecesOf(part.text)) yield choice({ [part.field]: piece })
    }
  }
  yield { ...choice({}), finish_reason: finishReason }
}

/** Who is called comes once and first, then what with, piece by piece. */
function* callDeltas({ tool, text }: CallPart, index: number, id: string): Iterable<Delta> {
  const { kind, name } = tool
  const pieces = piecesOf(text)
  switch (kind) {
    case 'function':
      yield { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }
      for (const piece of pieces) yield { tool_calls: [{ index, function: { arguments: piece } }] }
      break
    case 'custom':
      yield { tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] }
      for (const piece of pieces) yield { tool_calls: [{ index, custom: { input: piece } }] }
      break
    case 'legacy':
      yield { function_call: { name, arguments: '' } }
      for (const piece of pieces) yield { function_call: { arguments: piece } }
      break
  }
}
