import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Renames } from '../renames.ts'
import type { MessagesOptions } from './messages-options.ts'
import { planThinking, type ThinkingPlan } from './plan-thinking.ts'
import { writeMessages } from './write-messages.ts'
import { writeTools } from './write-tools.ts'

type Fields = Record<string, unknown>

/** The body of `POST /v1/messages`, and what of the request is not in it. */
export function writeBody(
  request: ChatCompletionRequest,
  options: MessagesOptions,
  names: Renames,
): { readonly body: Fields; readonly dropped: readonly string[] } {
  assertPossible(request)
  const plan = planThinking(request, options)
  const tools = writeTools(request, names)
  const { system, messages, dropped } = writeMessages(request.messages, {
    names,
    systemAnywhere: options.systemAnywhere ?? false,
    isThinking: plan.isOn,
  })
  if (messages.at(-1)?.role === 'assistant' && options.prefill === false) {
    const param = `messages[${request.messages.length - 1}]`
    throw new DragomanError('unsupported_value', `${param}: this model does not go on with its own message`, { param })
  }
  const sampling = writeSampling(request, options, plan)
  const stops = [request.stop ?? []].flat()
  const stop_sequences = stops.filter((text) => text.trim() !== '')
  const user = request.safety_identifier ?? request.user
  const body: Fields = {
    model: request.model,
    max_tokens: plan.maxTokens,
    ...(system !== undefined && { system }),
    messages,
    ...tools,
    ...sampling.fields,
    ...(stop_sequences.length > 0 && { stop_sequences }),
    ...(plan.thinking && { thinking: plan.thinking }),
    ...outputConfig(request, plan),
    ...(user && { metadata: { user_id: user } }),
    ...(request.cache_control ? { cache_control: request.cache_control } : {}),
    ...(request.stream && { stream: true }),
  }
  return {
    body,
    dropped: [
      ...plan.dropped,
      ...sampling.dropped,
      ...(stop_sequences.length < stops.length ? ['stop'] : []),
      ...dropped,
      ...unknownFields(request),
    ],
  }
}

/** What changes the answer and cannot be had: never left out in silence. */
function assertPossible(request: ChatCompletionRequest): void {
  const { n, logprobs, top_logprobs, modalities, functions, web_search_options, response_format } = request
  const refuse = (param: string, why: string): never => {
    throw new DragomanError('unsupported_value', `${param}: ${why}`, { param })
  }
  if (n && n > 1) refuse('n', 'this model gives one choice only')
  if (logprobs) refuse('logprobs', 'this model gives no log probabilities')
  if (top_logprobs) refuse('top_logprobs', 'this model gives no log probabilities')
  if (modalities?.some((modality) => modality !== 'text')) refuse('modalities', 'this model answers in text only')
  if (functions?.length) refuse('functions', 'not supported by this model; use tools')
  if (web_search_options) refuse('web_search_options', 'not supported by this model')
  if (response_format && response_format.type !== 'text' && response_format.type !== 'json_schema') {
    refuse('response_format.type', 'this model takes text and json_schema only')
  }
  if (response_format?.type === 'json_schema' && !response_format.json_schema.schema) {
    refuse('response_format.json_schema.schema', 'this model needs a schema')
  }
}

/** Both `temperature` and `top_p` are refused by recent models, and nearly all of it while they think. */
function writeSampling(
  { temperature, top_p, top_k }: ChatCompletionRequest,
  { sampling = true }: MessagesOptions,
  { isOn }: ThinkingPlan,
): { readonly fields: Fields; readonly dropped: readonly string[] } {
  const fields: Fields = {}
  const dropped: string[] = []
  const set = (name: string, value: unknown, isTaken: boolean) => {
    if (value === undefined || value === null) return
    if (isTaken) fields[name] = value
    else dropped.push(name)
  }
  const isFree = sampling && !isOn
  const hasTemperature = typeof temperature === 'number'
  set('temperature', hasTemperature ? Math.min(temperature, 1) : undefined, isFree)
  set('top_p', top_p, isFree && !hasTemperature)
  set('top_k', top_k, isFree)
  return { fields, dropped }
}

function outputConfig({ response_format: format }: ChatCompletionRequest, { effort }: ThinkingPlan): Fields {
  const config: Fields = {}
  if (effort) config.effort = effort
  if (format?.type === 'json_schema') config.format = { type: 'json_schema', schema: format.json_schema.schema }
  return Object.keys(config).length > 0 ? { output_config: config } : {}
}

/** Read above, or asked for by nobody else. */
const known = new Set<string>([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'n',
  'stop',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'thinking',
  'modalities',
  'web_search_options',
  'user',
  'safety_identifier',
  'cache_control',
])

function unknownFields(request: ChatCompletionRequest): string[] {
  return Object.entries(request)
    .filter(([name, value]) => !known.has(name) && value !== undefined && value !== null)
    .map(([name]) => name)
}
