import { normalizeStream, promptTools, type ToolDefinition } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'

export interface Prompted {
  /** With its tools, calls and results written into the messages. */
  readonly request: ChatCompletionRequest
  /** The answer, with calls read back out of its text. */
  read(chunks: AsyncIterable<ChatCompletionChunk>): AsyncIterable<ChatCompletionChunk>
}

/** Tools for a model that is given nothing but text. */
export function promptedTools(given: ChatCompletionRequest): Prompted {
  const request = promptTools(given)
  const tools = definitions(given)
  if (tools.length === 0) return { request, read: (chunks) => chunks }
  const toolChoice = given.tool_choice ?? given.function_call ?? undefined
  const read = (chunks: AsyncIterable<ChatCompletionChunk>) =>
    normalizeStream(chunks, { format: prompted, tools, toolChoice })
  const isLegacy = Boolean(given.functions?.length) && !given.tools?.length
  return { request, read: isLegacy ? (chunks) => asFunctionCall(read(chunks)) : read }
}

/** For a client of the deprecated `functions`, which knows one call only: the first. */
async function* asFunctionCall(chunks: AsyncIterable<ChatCompletionChunk>): AsyncGenerator<ChatCompletionChunk> {
  for await (const chunk of chunks) {
    const [choice] = chunk.choices
    if (!choice?.delta.tool_calls && choice?.finish_reason !== 'tool_calls') {
      yield chunk
      continue
    }
    const { tool_calls = [], ...delta } = choice.delta
    const function_call = tool_calls.find(({ index }) => index === 0)?.function
    const finish_reason = choice.finish_reason === 'tool_calls' ? 'function_call' : choice.finish_reason
    yield {
      ...chunk,
      choices: [{ ...choice, delta: { ...delta, ...(function_call && { function_call }) }, finish_reason }],
    }
  }
}

function definitions({ tools, functions }: ChatCompletionRequest): ToolDefinition[] {
  const given = (tools ?? []).flatMap((tool): ToolDefinition[] => {
    if (tool.type === 'function') return [{ type: 'function', function: tool.function }]
    // Free text is prompted as the argument `input`.
    return tool.type === 'custom' ? [{ type: 'function', function: { name: tool.custom.name } }] : []
  })
  return [...given, ...(functions ?? []).map((fn): ToolDefinition => ({ type: 'function', function: fn }))]
}
