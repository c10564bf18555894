import type { ChatCompletionRequest, ChatMessage, ContentPart } from '@dragoman/openai-schema'
import { canBeForced, modelTraits } from './moonshot-models.ts'
import { declaresSearch, searchTool } from './moonshot-search.ts'
import { isSearch, wantsSearch } from './search-tool.ts'

export interface MoonshotRequest {
  readonly request: ChatCompletionRequest
  /** Fields that are left out or replaced, where that loses something. */
  readonly dropped: readonly string[]
  /** The model is given its search, and somebody has to go on when it calls it. */
  readonly searches: boolean
}

const sampling = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'] as const

/**
 * A request as the platform takes it, beyond what options of `createCompatible` say: the models differ in what they
 * refuse. Pure; the request is not changed.
 *
 * @param keepsSampling the operator knows that his models take sampling fields
 */
export function encodeMoonshot(given: ChatCompletionRequest, keepsSampling: boolean): MoonshotRequest {
  const traits = modelTraits(given.model)
  const dropped: string[] = []
  const request = { ...given }
  if (traits.hasFixedSampling && !keepsSampling) {
    // 400 "invalid temperature: only 1 is allowed for this model".
    for (const field of sampling) {
      if (request[field] !== undefined && request[field] !== null) dropped.push(field)
      delete request[field]
    }
    if (request.n === 1) delete request.n
  }
  const searches = encodeSearch(request)
  encodeEffort(request, dropped)
  encodeForcedTool(request, dropped)
  if (isThinking(request)) request.messages = withReasoning(request.messages)
  return { request, dropped, searches }
}

/** A search that the client asks for is a tool here. Some models cannot think beside it. */
function encodeSearch(request: ChatCompletionRequest): boolean {
  if (!wantsSearch(request)) return false
  delete request.web_search_options
  request.tools = (request.tools ?? []).filter((tool) => !isSearch(tool))
  if (declaresSearch(request)) return false
  request.tools.push(searchTool)
  if (canBeForced(request)) {
    request.thinking = { type: 'disabled' }
    delete request.reasoning_effort
  }
  return true
}

/** `reasoning_effort` is a field of the K3 line; two models before it have a switch. */
function encodeEffort(request: ChatCompletionRequest, dropped: string[]): void {
  const { reasoning_effort: effort, thinking } = request
  if (effort === undefined || effort === null) return
  const { reasoning } = modelTraits(request.model)
  delete request.reasoning_effort
  if (reasoning === 'effort' && effort !== 'none') {
    request.reasoning_effort = efforts[effort] ?? effort
  } else if (reasoning === 'switch') {
    request.thinking = thinking ?? { type: effort === 'none' ? 'disabled' : 'enabled' }
  } else if (reasoning !== 'none' || effort !== 'none') {
    dropped.push('reasoning_effort')
  }
}

const efforts: Readonly<Record<string, string>> = { minimal: 'low', medium: 'high', xhigh: 'max' }

/** While a model thinks, a tool cannot be forced: 400. Where thinking can be left out for this request, it is. */
function encodeForcedTool(request: ChatCompletionRequest, dropped: string[]): void {
  const { tool_choice: choice, tools } = request
  if (!tools?.length || choice === undefined || choice === null || choice === 'auto' || choice === 'none') return
  if (!isThinking(request)) return
  if (canBeForced(request)) request.thinking = { type: 'disabled' }
  else {
    request.tool_choice = 'auto'
    dropped.push('tool_choice')
  }
}

function isThinking({ model, thinking }: ChatCompletionRequest): boolean {
  const { reasoning } = modelTraits(model)
  if (reasoning === 'none') return false
  if (reasoning !== 'switch') return true
  return !(typeof thinking === 'object' && thinking !== null && 'type' in thinking && thinking.type === 'disabled')
}

/**
 * 400 "thinking is enabled but reasoning_content is missing in assistant tool call message": many clients drop it. One
 * space is taken.
 */
function withReasoning(messages: ChatMessage[]): ChatMessage[] {
  const isBare = (message: ChatMessage) =>
    message.role === 'assistant' &&
    Boolean(message.tool_calls?.length) &&
    !message.reasoning_content &&
    !message.reasoning &&
    !message.reasoning_details?.some((detail) => detail.type === 'reasoning.text' && detail.text) &&
    !(typeof message.thinking === 'string' && message.thinking)
  if (!messages.some(isBare)) return messages
  return messages.map((message) => (isBare(message) ? { ...message, reasoning_content: ' ' } : message) as ChatMessage)
}

/** Where a part that has to be seen stands, and its type. */
export function firstMedia(messages: readonly ChatMessage[]): string | undefined {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    const j = content.findIndex((part: ContentPart) =>
      /^(image|image_url|input_image|video|video_url)$/.test(part.type),
    )
    if (j >= 0) return `messages[${i}].content[${j}].type`
  }
  return undefined
}
