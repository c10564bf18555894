import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'
import { isSearch } from './search-tool.ts'

/** What a site takes besides text. */
export interface SiteAbilities {
  /** For messages: `kimi.com`. */
  readonly name: string
  readonly images: boolean
  readonly reasoningEffort: boolean
  readonly search: boolean
  readonly promptsTools: boolean
}

/** A site has no place for these: they are hints, and the answer is one without them. */
const hints = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'logit_bias',
  'seed',
  'service_tier',
  'verbosity',
  'prediction',
] as const satisfies (keyof ChatCompletionRequest)[]

/** What a chat site cannot honour. Tools are prompted, where that is on, and stop texts are cut here. */
export function acceptsText(request: ChatCompletionRequest, site: SiteAbilities): Acceptance {
  const dropped: string[] = hints.filter((field) => request[field] !== undefined && request[field] !== null)
  if (request.reasoning_effort && request.reasoning_effort !== 'none' && !site.reasoningEffort) {
    dropped.push('reasoning_effort')
  }
  if (request.web_search_options && !site.search) dropped.push('web_search_options')
  if (request.response_format?.type === 'json_object') dropped.push('response_format')
  for (const [i, tool] of (request.tools ?? []).entries()) {
    if (!isCallable(tool) && !(site.search && isSearch(tool))) dropped.push(`tools[${i}]`)
  }
  return { dropped, refused: refusal(request, site) }
}

function refusal(request: ChatCompletionRequest, { name, images, promptsTools }: SiteAbilities): Acceptance['refused'] {
  const refuse = (param: string, message: string) => ({ param, message: `${param}: ${name} ${message}` })
  if (typeof request.n === 'number' && request.n > 1) return refuse('n', 'gives one choice only')
  if (request.logprobs || request.top_logprobs) {
    return refuse(request.logprobs ? 'logprobs' : 'top_logprobs', 'gives no log probabilities')
  }
  if (request.modalities?.includes('audio') || request.audio) return refuse('modalities', 'answers in text only')
  if (request.response_format?.type === 'json_schema') return refuse('response_format', 'takes no json_schema')
  const prompted = promptsTools ? undefined : offered(request)
  if (prompted) return refuse(prompted, 'takes no tools, and promptTools is off')
  const last = request.messages.length - 1
  const message = request.messages[last]
  if (message?.role === 'assistant' && (message.partial || message.prefix)) {
    const field = message.partial ? 'partial' : 'prefix'
    return refuse(`messages[${last}].${field}`, 'cannot go on with an answer of its own')
  }
  for (const [i, { content }] of request.messages.entries()) {
    if (!Array.isArray(content)) continue
    const j = content.findIndex(({ type }) => !texts.has(type) && !(images && type === 'image_url'))
    if (j >= 0) return refuse(`messages[${i}].content[${j}].type`, `takes no ${content[j]?.type}`)
  }
  return undefined
}

function isCallable({ type }: Tool): boolean {
  return type === 'function' || type === 'custom'
}

/** The field with tools that the model would have to be told of. */
function offered({ tools, tool_choice, functions, function_call }: ChatCompletionRequest): string | undefined {
  if (tool_choice !== 'none' && tools?.some(isCallable)) return 'tools'
  return function_call !== 'none' && functions?.length ? 'functions' : undefined
}

/** Parts that are text, or become text; a file is looked into before it is sent. */
const texts: ReadonlySet<string> = new Set(['text', 'input_text', 'refusal', 'thinking', 'file'])
