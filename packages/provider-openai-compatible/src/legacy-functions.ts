import type {
  AssistantMessage,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  ChunkChoice,
  LegacyFunctionChoice,
  Tool,
  ToolCallDelta,
  ToolChoice,
} from '@dragoman/openai-schema'

/** Whether the client speaks of `functions` and so expects `message.function_call` in the answer. */
export function usesFunctions(request: ChatCompletionRequest): boolean {
  return Boolean(request.functions?.length) && !request.tools?.length
}

/**
 * The request in the form that took the place of `functions`, which few services still know. One call at a time: the
 * old form has no room for a second. `tools` win where a client sends both.
 */
export function functionsToTools(request: ChatCompletionRequest): ChatCompletionRequest {
  const { functions, function_call, ...rest } = request
  if (!usesFunctions(request)) return rest
  const tools = (functions ?? []).map((definition): Tool => ({ type: 'function', function: definition }))
  const choice = function_call ? toToolChoice(function_call) : undefined
  return { ...rest, tools, parallel_tool_calls: false, ...(choice && { tool_choice: choice }) }
}

function toToolChoice(choice: LegacyFunctionChoice): ToolChoice {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } }
}

/** Calls and results of the old form as those of the new one. The same array where there are none. */
export function functionMessagesToTools(messages: ChatMessage[]): ChatMessage[] {
  if (
    !messages.some((message) => message.role === 'function' || (message.role === 'assistant' && message.function_call))
  )
    return messages
  // Ids have to be told apart within the request and to be the same for the same conversation (prompt caches).
  let calls = 0
  return messages.map((message) => {
    if (message.role === 'assistant' && message.function_call) return callMessage(message, `call_${calls++}`)
    if (message.role !== 'function') return message
    return { role: 'tool', tool_call_id: `call_${Math.max(0, calls - 1)}`, content: message.content ?? '' }
  })
}

function callMessage(message: AssistantMessage, id: string): AssistantMessage {
  const { function_call, ...rest } = message
  return function_call ? { ...rest, tool_calls: [{ id, type: 'function', function: function_call }] } : rest
}

/** Its index, which is not 0 everywhere, and its id once that has come. */
type FirstCall = Pick<ToolCallDelta, 'index' | 'id'>

/** Turns the calls of an answer back into the old form. Of several calls in a choice the first is told. */
export function toolsToFunctionCall(): (chunk: ChatCompletionChunk) => ChatCompletionChunk {
  const firstCalls = new Map<number, FirstCall>()
  return (chunk) => {
    if (!Array.isArray(chunk.choices)) return chunk
    return { ...chunk, choices: chunk.choices.map((choice) => legacyChoice(choice, firstCalls)) }
  }
}

function legacyChoice(choice: ChunkChoice, firstCalls: Map<number, FirstCall>): ChunkChoice {
  const finish_reason = choice.finish_reason === 'tool_calls' ? 'function_call' : choice.finish_reason
  if (!choice.delta?.tool_calls) return { ...choice, finish_reason }
  const { tool_calls, ...rest } = choice.delta
  const pieces = tool_calls.filter((piece) => isOfFirstCall(piece, choice.index, firstCalls))
  if (pieces.length === 0) return { ...choice, delta: rest, finish_reason }
  const name = pieces.find((piece) => piece.function?.name)?.function?.name
  const text = pieces.map((piece) => piece.function?.arguments ?? '').join('')
  return { ...choice, delta: { ...rest, function_call: { ...(name && { name }), arguments: text } }, finish_reason }
}

function isOfFirstCall({ index, id }: ToolCallDelta, choice: number, firstCalls: Map<number, FirstCall>): boolean {
  const first = firstCalls.get(choice)
  if (!first) {
    firstCalls.set(choice, { index, id })
    return true
  }
  if ((index ?? first.index) !== first.index) return false
  // Some services send every call whole and under the index 0.
  if (!id || !first.id) {
    firstCalls.set(choice, { ...first, id: first.id || id })
    return true
  }
  return id === first.id
}
