import type { AssistantMessage, ChatCompletionRequest, ChatMessage, Tool } from '@dragoman/openai-schema'
import { namedModel, seesImages, thinkingOf } from './model-names.ts'
import { textOf } from './text-only.ts'

export interface EncodedRequest {
  readonly request: ChatCompletionRequest
  /** Fields of the original, by path, that are not honoured. */
  readonly lost: readonly string[]
}

/** What LongCat's table of fields knows differently; what it does not know at all is left to `dropFields`. */
export function encodeRequest(given: ChatCompletionRequest): EncodedRequest {
  const { reasoning_effort, thinking, enable_thinking, thinking_budget, n, logprobs, top_logprobs, ...rest } = given
  const lost: string[] = []
  const named = namedModel(given.model)
  const { model } = named
  const request: ChatCompletionRequest = { ...rest, model }
  // One choice without probabilities is what every answer is: nothing is lost with these.
  if (n && n > 1) request.n = n
  if (logprobs) request.logprobs = logprobs
  if (top_logprobs) request.top_logprobs = top_logprobs

  const asked = wish(given)
  const thinks = asked ?? named.thinks
  const how = thinkingOf(model)
  if (how === 'switch') {
    if (thinks !== undefined) request.thinking = { type: thinks ? 'enabled' : 'disabled' }
    if (isPresent(thinking_budget)) lost.push('thinking_budget')
  } else if (how === 'flags') {
    if (thinks !== undefined) request.enable_thinking = thinks
    if (isPresent(thinking_budget)) request.thinking_budget = thinking_budget
  } else {
    const fields = { reasoning_effort, thinking, enable_thinking, thinking_budget }
    for (const [name, value] of Object.entries(fields)) if (isPresent(value)) lost.push(name)
  }

  if (typeof given.temperature === 'number' && given.temperature > 1) {
    // The scale ends here; OpenAI's goes on to 2, and clients use it.
    request.temperature = 1
    lost.push('temperature')
  }
  const tools = given.tools?.filter(isCallable)
  if (given.tools && tools && tools.length < given.tools.length) {
    request.tools = tools
    for (const [i, tool] of given.tools.entries()) if (!isCallable(tool)) lost.push(`tools[${i}]`)
  }
  const isThinking = how !== 'none' && thinks !== false
  request.messages = given.messages.map((message) => encodeMessage(message, model, isThinking))
  return { request, lost }
}

/** Whether the request asks for reasoning, in any of the words there are for it. There are no levels. */
export function wish(request: ChatCompletionRequest): boolean | undefined {
  const { thinking, enable_thinking, reasoning_effort } = request
  if (typeof thinking === 'object' && thinking !== null && 'type' in thinking) return thinking.type !== 'disabled'
  if (typeof thinking === 'boolean') return thinking
  if (typeof enable_thinking === 'boolean') return enable_thinking
  return isPresent(reasoning_effort) ? reasoning_effort !== 'none' : undefined
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Not one that a service would have to run by itself. */
export function isCallable({ type }: Tool): boolean {
  return type === 'function' || type === 'custom'
}

function encodeMessage(message: ChatMessage, model: string, isThinking: boolean): ChatMessage {
  let encoded = message
  // LongCat's table has strings only.
  if (Array.isArray(message.content) && !seesImages(model)) {
    encoded = { ...message, content: textOf(message.content) } as ChatMessage // text is content of every role
  }
  if (isThinking && encoded.role === 'assistant' && encoded.tool_calls?.length && !hasReasoning(encoded)) {
    // In a loop of tools the reasoning has to go back; where it got lost, something has to stand for it.
    encoded = { ...encoded, reasoning_content: ' ' }
  }
  return encoded
}

/** Whether there is any text of it: what is sealed, or only signed, is not sent here. */
function hasReasoning({ reasoning_content, reasoning, reasoning_details, thinking }: AssistantMessage): boolean {
  if (reasoning_content || reasoning) return true
  if (reasoning_details?.some((detail) => detail.type === 'reasoning.text' && detail.text)) return true
  return typeof thinking === 'string' && thinking !== ''
}
