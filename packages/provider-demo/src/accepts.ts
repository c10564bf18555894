import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { modelFor } from './models.ts'

/** Of no effect here, since nothing is drawn at random or taken from elsewhere. */
const withoutEffect = [
  'frequency_penalty',
  'logit_bias',
  'min_p',
  'prediction',
  'presence_penalty',
  'repetition_penalty',
  'temperature',
  'top_k',
  'top_p',
  'verbosity',
] as const satisfies (keyof ChatCompletionRequest)[]

const mostChoices = 128

export function accepts(request: ChatCompletionRequest): Acceptance {
  const dropped: string[] = withoutEffect.filter((field) => request[field] !== undefined && request[field] !== null)
  const effort = request.reasoning_effort ?? 'none'
  if (effort !== 'none' && modelFor(request.model).reasons === 'never') dropped.push('reasoning_effort')
  for (const [i, { type }] of (request.tools ?? []).entries()) {
    if (type !== 'function' && type !== 'custom') dropped.push(`tools[${i}]`)
  }
  return { dropped, refused: refusal(request) }
}

function refusal(request: ChatCompletionRequest): Acceptance['refused'] {
  const refuse = (param: keyof ChatCompletionRequest, message: string) => ({ param, message: `${param}: ${message}` })
  const { n, max_tokens: limit, max_completion_tokens: newerLimit } = request

  if (request.logprobs || request.top_logprobs) {
    return refuse(request.logprobs ? 'logprobs' : 'top_logprobs', 'the demo model has no probabilities')
  }
  if (request.modalities?.includes('audio')) return refuse('modalities', 'the demo model answers in text only')
  if (request.audio) return refuse('audio', 'the demo model answers in text only')
  if (request.web_search_options) return refuse('web_search_options', 'the demo model is offline')
  const format = request.response_format?.type ?? 'text'
  if (format !== 'text' && format !== 'json_object' && format !== 'json_schema') {
    return refuse('response_format', `the demo model answers as text, json_object or json_schema, not as ${format}`)
  }
  if (typeof n === 'number' && !(n >= 1 && n <= mostChoices)) {
    return refuse('n', `expected 1 to ${mostChoices}, found ${n}`)
  }
  if (typeof limit === 'number' && !(limit >= 1)) return refuse('max_tokens', `expected 1 or more, found ${limit}`)
  if (typeof newerLimit === 'number' && !(newerLimit >= 1)) {
    return refuse('max_completion_tokens', `expected 1 or more, found ${newerLimit}`)
  }
  return undefined
}
