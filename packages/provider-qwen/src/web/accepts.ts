import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, Tool } from '@dragoman/openai-schema'
import { isSearch } from '../search-tool.ts'
import { seesImages } from '../sees-images.ts'
import { readVariant } from './model-variant.ts'
import type { ListedModels } from './models.ts'

/** What no field of the site stands for. */
const unknown = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'max_tokens',
  'max_completion_tokens',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'logit_bias',
  'verbosity',
  'prediction',
  'service_tier',
  'prompt_cache_key',
] as const

export interface AcceptOptions {
  readonly listed: ListedModels | undefined
  readonly promptsTools: boolean
}

/** What the site cannot honour of a request, before anything is sent. */
export function accepts(request: ChatCompletionRequest, options: AcceptOptions): Acceptance {
  const dropped: string[] = unknown.filter((field) => request[field] !== undefined && request[field] !== null)
  if (request.response_format?.type === 'json_object') dropped.push('response_format')
  for (const [i, tool] of (request.tools ?? []).entries()) {
    if (!isCallable(tool) && !isSearch(tool)) dropped.push(`tools[${i}]`)
  }
  const refused = refusal(request, options)
  return refused ? { dropped, refused } : { dropped }
}

function refusal(request: ChatCompletionRequest, { listed, promptsTools }: AcceptOptions): Acceptance['refused'] {
  const { n, logprobs, top_logprobs, modalities, response_format, messages } = request
  const variant = readVariant(request.model, listed?.ids)
  const no = (param: string, message: string) => ({ param, message: `chat.qwen.ai ${message}` })
  if (variant.chatType === 't2v')
    return no('model', 'makes videos in a job that takes minutes, which no chat can wait for')
  if (n && n > 1) return no('n', 'gives one choice only')
  if (logprobs || top_logprobs) return no(logprobs ? 'logprobs' : 'top_logprobs', 'gives no log probabilities')
  if (modalities?.includes('audio')) return no('modalities', 'gives no audio')
  if (response_format?.type === 'json_schema') return no('response_format', 'takes no json_schema')
  const prompted = promptsTools ? undefined : offered(request)
  if (prompted) return no(prompted, 'takes no tools, and promptTools is off')
  // What the site says of the model counts; else its name does.
  const sees = variant.chatType === 'image_edit' || (listed?.sight.get(variant.model) ?? seesImages(variant.model))
  for (const [i, { content }] of messages.entries()) {
    for (const [j, part] of (Array.isArray(content) ? content : []).entries()) {
      const message = partRefusal(part, sees)
      if (message) return no(`messages[${i}].content[${j}].type`, message)
    }
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

function partRefusal(part: ContentPart, sees: boolean): string | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return undefined
    case 'image_url':
      return sees ? undefined : 'shows no images to this model: take one that sees, such as qwen3-vl-plus'
    case 'file':
      return part.file.file_data ? undefined : 'takes files by their data only, not by an id'
    default:
      return 'text' in part && typeof part.text === 'string' ? undefined : `takes no ${part.type}`
  }
}
