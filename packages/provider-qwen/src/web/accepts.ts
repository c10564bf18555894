import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart } from '@dragoman/openai-schema'
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

/** What the site cannot honour of a request, before anything is sent. */
export function accepts(request: ChatCompletionRequest, listed: ListedModels | undefined): Acceptance {
  const dropped: string[] = unknown.filter((field) => request[field] !== undefined && request[field] !== null)
  if (request.response_format?.type === 'json_object') dropped.push('response_format')
  if (request.tools?.some(({ type }) => !['function', 'custom', 'web_search'].includes(type))) dropped.push('tools')
  const refused = refusal(request, listed)
  return refused ? { dropped, refused } : { dropped }
}

function refusal(request: ChatCompletionRequest, listed: ListedModels | undefined): Acceptance['refused'] {
  const { n, logprobs, top_logprobs, modalities, response_format, messages } = request
  const variant = readVariant(request.model, listed?.ids)
  const no = (param: string, message: string) => ({ param, message: `chat.qwen.ai ${message}` })
  if (variant.chatType === 't2v')
    return no('model', 'makes videos in a job that takes minutes, which no chat can wait for')
  if (n && n > 1) return no('n', 'gives one choice only')
  if (logprobs || top_logprobs) return no(logprobs ? 'logprobs' : 'top_logprobs', 'gives no log probabilities')
  if (modalities?.includes('audio')) return no('modalities', 'gives no audio')
  if (response_format?.type === 'json_schema') return no('response_format', 'takes no json_schema')
  const sees = variant.chatType === 'image_edit' || seesImages(variant.model, listed)
  for (const [i, { content }] of messages.entries()) {
    for (const [j, part] of (Array.isArray(content) ? content : []).entries()) {
      const message = partRefusal(part, sees)
      if (message) return no(`messages[${i}].content[${j}].type`, message)
    }
  }
  return undefined
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

/** What the site says of the model counts; else its name does. */
function seesImages(model: string, listed: ListedModels | undefined): boolean {
  return listed?.sight.get(model) ?? /-vl\b|-omni\b|^qvq/.test(model)
}
