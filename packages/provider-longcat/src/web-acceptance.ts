import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { isCallable } from './encode-request.ts'
import { fieldsBeyondTable } from './options.ts'
import { refusal } from './text-only.ts'
import { isSearch } from './web-models.ts'

/** Demands that `refusal` looks at, and the one that is met here. */
const notDropped = ['logprobs', 'n', 'stop', 'top_logprobs']

const withoutEffect = [
  ...fieldsBeyondTable.filter((field) => !notDropped.includes(field)),
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'thinking_budget',
  'top_p',
] as const

const reasoningFields = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking'] as const

/** What the site, which takes a text and two switches, cannot honour. */
export function webAcceptance(request: ChatCompletionRequest, promptsTools: boolean): Acceptance {
  const dropped: string[] = withoutEffect.filter((field) => request[field] !== undefined && request[field] !== null)
  for (const field of reasoningFields) {
    const isLost = request.messages.some((message) => message.role === 'assistant' && Boolean(message[field]))
    if (isLost) dropped.push(`messages[].${field}`)
  }
  for (const [i, tool] of (request.tools ?? []).entries()) {
    if (!isCallable(tool) && !isSearch(tool)) dropped.push(`tools[${i}]`)
  }
  return { dropped, refused: (promptsTools ? undefined : refusedTools(request)) ?? refusal(request) }
}

/** Tools that the model is to be told of; without the choice to call one there is nothing to tell. */
function refusedTools({ tools, tool_choice, functions, function_call }: ChatCompletionRequest): Acceptance['refused'] {
  const mayCall = tool_choice !== 'none' && tools?.some(isCallable)
  const param = mayCall ? 'tools' : function_call !== 'none' && functions?.length ? 'functions' : undefined
  return param && { param, message: 'LongCat takes no tools here, and promptTools is off' }
}

/** Without the tools that a service would have to run by itself: those have been named, or are a switch. */
export function callableOnly(request: ChatCompletionRequest): ChatCompletionRequest {
  return request.tools ? { ...request, tools: request.tools.filter(isCallable) } : request
}
