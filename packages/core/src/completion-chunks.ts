import type { ChatCompletion, ChatCompletionChunk, Delta } from '@dragoman/openai-schema'

/**
 * A whole completion as the chunks of a stream: each choice's message in one delta, its finish reason in the next,
 * usage last. For upstreams that cannot stream, or answered whole though asked to stream. `collect` is its inverse.
 */
export function completionToChunks(completion: ChatCompletion): ChatCompletionChunk[] {
  const { choices, usage, ...head } = completion
  const envelope = { ...head, object: 'chat.completion.chunk' } as const
  const chunks: ChatCompletionChunk[] = []
  for (const { message, finish_reason, ...rest } of Array.isArray(choices) ? choices : []) {
    const { tool_calls, function_call, audio, ...said } = message
    const delta: Delta = said
    if (tool_calls?.length) delta.tool_calls = tool_calls.map((call, index) => ({ index, ...call }))
    if (function_call) delta.function_call = function_call
    if (audio) delta.audio = audio
    chunks.push({ ...envelope, choices: [{ ...rest, delta, finish_reason: null }] })
    chunks.push({ ...envelope, choices: [{ index: rest.index, delta: {}, finish_reason }] })
  }
  if (usage) chunks.push({ ...envelope, choices: [], usage })
  return chunks
}
