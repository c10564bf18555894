import { type Clock, untilStop } from '@dragoman/core'
import { normalizeStream, type ToolDefinition } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type { ChatCompletionChunk, ChatCompletionRequest, Delta, FinishReason, Tool } from '@dragoman/openai-schema'

export type MakeChunk = (delta: Delta, finishReason?: FinishReason) => ChatCompletionChunk

/** Makes the chunks of one answer. */
export function chunkMaker(model: string, clock: Pick<Clock, 'now'>): MakeChunk {
  const id = `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`
  const created = Math.floor(clock.now() / 1000)
  return (delta, finish_reason) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [{ index: 0, delta, finish_reason: finish_reason ?? null }],
  })
}

/** A site's text as an answer: calls that were prompted for are read back, and a stop text ends it. */
export function asAnswer(
  chunks: AsyncIterable<ChatCompletionChunk>,
  request: ChatCompletionRequest,
): AsyncIterable<ChatCompletionChunk> {
  const { tools, functions, tool_choice, function_call } = request
  const offered = [...(tools ?? []).flatMap(asFunction), ...(functions ?? []).map(functionTool)]
  const read =
    offered.length === 0
      ? chunks
      : normalizeStream(chunks, { format: prompted, tools: offered, toolChoice: tool_choice ?? function_call })
  return untilStop(read, request)
}

function asFunction(tool: Tool): ToolDefinition[] {
  if (tool.type === 'function') return [functionTool(tool.function)]
  return tool.type === 'custom' ? [functionTool(tool.custom)] : []
}

function functionTool({ name, parameters }: { name: string; parameters?: unknown }): ToolDefinition {
  return { type: 'function', function: { name, parameters } }
}
