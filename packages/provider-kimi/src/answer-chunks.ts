import type { Clock } from '@dragoman/core'
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
  { tools, functions, tool_choice, function_call, stop }: ChatCompletionRequest,
): AsyncIterable<ChatCompletionChunk> {
  const offered = [...(tools ?? []).flatMap(asFunction), ...(functions ?? []).map(functionTool)]
  const read =
    offered.length === 0
      ? chunks
      : normalizeStream(chunks, { format: prompted, tools: offered, toolChoice: tool_choice ?? function_call })
  const stops = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
  return stops.length === 0 ? read : stoppedAt(read, stops)
}

function asFunction(tool: Tool): ToolDefinition[] {
  if (tool.type === 'function') return [functionTool(tool.function)]
  return tool.type === 'custom' ? [functionTool(tool.custom)] : []
}

function functionTool({ name, parameters }: { name: string; parameters?: unknown }): ToolDefinition {
  return { type: 'function', function: { name, parameters } }
}

/** The answer up to the first of these texts, which is not shown. What may be the beginning of one is held back. */
export async function* stoppedAt(
  chunks: AsyncIterable<ChatCompletionChunk>,
  stops: readonly string[],
): AsyncGenerator<ChatCompletionChunk, undefined> {
  let held = ''
  for await (const chunk of chunks) {
    const [choice] = chunk.choices
    const { content, ...others } = choice?.delta ?? {}
    const text = held + (content ?? '')
    if (!choice || text === '') {
      yield chunk
      continue
    }
    const withDelta = (delta: Delta, finish_reason: FinishReason | null): ChatCompletionChunk => ({
      ...chunk,
      choices: [{ ...choice, delta, finish_reason }],
    })
    const at = firstOf(text, stops)
    if (at !== undefined) {
      yield withDelta({ ...others, content: text.slice(0, at) }, 'stop')
      return undefined
    }
    const isContentOnly = choice.finish_reason === null && Object.keys(others).every((field) => field === 'role')
    const shown = isContentOnly ? text.length - longestBeginning(text, stops) : text.length
    held = text.slice(shown)
    if (shown > 0 || !isContentOnly || 'role' in others) {
      yield withDelta({ ...others, content: text.slice(0, shown) }, choice.finish_reason)
    }
  }
  return undefined
}

function firstOf(text: string, stops: readonly string[]): number | undefined {
  const places = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return places.length > 0 ? Math.min(...places) : undefined
}

/** How much of the end of `text` may begin a stop text. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
