import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { knownNames, webModel } from './models.ts'
import type { ZaiWebOptions } from './options.ts'

/** Fields for which the site has no place. */
const unknown = [
  'frequency_penalty',
  'logit_bias',
  'metadata',
  'moderation',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'seed',
  'service_tier',
  'store',
  'top_k',
  'top_p',
  'user',
  'verbosity',
] as const satisfies (keyof ChatCompletionRequest)[]

/** What the site cannot honour of the request, before anything is sent. */
export function accepts(request: ChatCompletionRequest, options: ZaiWebOptions): Acceptance {
  const dropped: string[] = unknown.filter((field) => request[field] !== undefined && request[field] !== null)
  if (request.response_format?.type === 'json_object') dropped.push('response_format')
  // Those that the site would have to run by itself, of which it has its search.
  for (const [i, { type }] of (request.tools ?? []).entries()) if (!taken.has(type)) dropped.push(`tools[${i}]`)
  return { dropped, refused: refusal(request, options) }
}

function refusal(request: ChatCompletionRequest, { promptTools = true, models = [] }: ZaiWebOptions) {
  const { n, logprobs, top_logprobs, response_format, modalities, audio, tools, tool_choice, functions } = request
  const refuse = (param: string, message: string) => ({ param, message: `${param}: ${message}` })
  if (typeof n === 'number' && n > 1) return refuse('n', 'chat.z.ai gives one choice only')
  if (logprobs || top_logprobs) {
    return refuse(logprobs ? 'logprobs' : 'top_logprobs', 'chat.z.ai gives no log probabilities')
  }
  if (response_format?.type === 'json_schema') return refuse('response_format', 'chat.z.ai knows no json_schema')
  if (audio || modalities?.includes('audio')) return refuse(audio ? 'audio' : 'modalities', 'chat.z.ai answers in text')
  if (functions?.length) return refuse('functions', 'zai-web takes tools, which replaced them')
  if (!promptTools && tool_choice !== 'none' && tools?.some(({ type }) => type === 'function')) {
    return refuse('tools', 'chat.z.ai takes none, and promptTools is off')
  }
  const custom = (tools ?? []).findIndex(({ type }) => type === 'custom')
  if (custom >= 0) return refuse(`tools[${custom}].type`, 'zai-web takes functions, no custom tools')
  const isKnown = [...knownNames, ...models].some((name) => name.toLowerCase() === request.model.toLowerCase())
  return isKnown ? unreadable(request, webModel(request.model, models).vision) : undefined
}

const taken: ReadonlySet<string> = new Set(['function', 'custom', 'web_search', 'web_search_preview'])

function unreadable({ messages, model }: ChatCompletionRequest, sees: boolean): Acceptance['refused'] {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, { type }] of content.entries()) {
      const param = `messages[${i}].content[${j}].type`
      if (type === 'text' || type === 'file' || type === 'refusal') continue
      if (type !== 'image_url') return { param, message: `${param}: chat.z.ai takes text, images and text files` }
      if (!sees) return { param, message: `${param}: ${model} takes no images; GLM-4.6V does` }
    }
  }
  return undefined
}
