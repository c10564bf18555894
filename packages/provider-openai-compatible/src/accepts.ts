import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { refusedFields } from './cache-marks.ts'
import { isPresent } from './drop-fields.ts'
import { encodeReasoning, reasoningFields } from './encode-messages.ts'
import { isStreamedUpstream, type RequestSettings } from './encode-request.ts'
import type { Settings } from './options.ts'
import type { Demand } from './preset.ts'

/** What this service cannot honour of the request, before anything is sent. */
export function accepts(
  request: ChatCompletionRequest,
  settings: RequestSettings & Pick<Settings, 'name' | 'unsupported'>,
): Acceptance {
  const dropped = leftOut(request, settings)
  for (const path of refusedFields(request, settings)) {
    if (!dropped.includes(path) && isPresent(request, path)) dropped.push(path)
  }
  for (const demand of settings.unsupported) {
    const param = checks[demand](request)
    if (param !== undefined) return { dropped, refused: { param, message: `${settings.name} ${lacks[demand]}` } }
  }
  return { dropped }
}

/** Fields that `encodeRequest` leaves out for other reasons, where that loses something. Told without encoding it. */
function leftOut(request: ChatCompletionRequest, settings: RequestSettings): string[] {
  const { max_tokens, max_completion_tokens, functions, tools } = request
  const lost: string[] = []
  // Both limits are one to a service that knows one name.
  const hasBoth = typeof max_tokens === 'number' && typeof max_completion_tokens === 'number'
  if (settings.tokenLimitField !== 'asSent' && hasBoth && max_tokens !== max_completion_tokens) lost.push('max_tokens')
  if (functions?.length && tools?.length) lost.push('functions')
  if (request.stream && request.stream_options) {
    const isStreamed = isStreamedUpstream(settings.upstreamStream, Boolean(tools?.length || functions?.length))
    const wishes = Object.entries(request.stream_options).filter(([, wish]) => Boolean(wish))
    // An answer that comes whole has its usage unasked.
    const isMet = ([name]: [string, unknown]) => name === 'include_usage' && !isStreamed
    if (!(isStreamed && settings.streamUsage) && !wishes.every(isMet)) lost.push('stream_options')
  }
  lost.push(...lostReasoning(request.messages, settings.sendReasoningHistory))
  return lost
}

/** Reasoning of the history that is not sent; under another name it is. */
function lostReasoning(
  messages: ChatCompletionRequest['messages'],
  send: RequestSettings['sendReasoningHistory'],
): string[] {
  if (send === true) return []
  const lost = new Set<string>()
  for (const message of messages) {
    if (message.role !== 'assistant') continue
    const sent = encodeReasoning(message, send)
    if (sent === message) continue
    for (const field of reasoningFields) {
      const before = message[field]
      const isEmpty = !before || (Array.isArray(before) && before.length === 0)
      if (!isEmpty && !reasoningFields.some((name) => sent[name] === before)) lost.add(`messages[].${field}`)
    }
  }
  return [...lost]
}

const lacks: Readonly<Record<Demand, string>> = {
  n: 'gives one choice only',
  logprobs: 'gives no log probabilities',
  json_schema: 'takes no json_schema; json_object may do',
  tools: 'takes no tools',
  images: 'takes no images',
  audio: 'takes and gives no audio',
}

/** Which field of the request makes the demand; undefined when it does not. */
const checks: Readonly<Record<Demand, (request: ChatCompletionRequest) => string | undefined>> = {
  n: ({ n }) => (n && n > 1 ? 'n' : undefined),
  logprobs: ({ logprobs, top_logprobs }) => (logprobs ? 'logprobs' : top_logprobs ? 'top_logprobs' : undefined),
  json_schema: ({ response_format }) => (response_format?.type === 'json_schema' ? 'response_format' : undefined),
  tools: ({ tools, functions }) => (tools?.length ? 'tools' : functions?.length ? 'functions' : undefined),
  images: ({ messages }) => partOfType(messages, ['image_url', 'image', 'input_image']),
  audio: ({ messages, modalities }) =>
    modalities?.includes('audio') ? 'modalities' : partOfType(messages, ['input_audio']),
}

function partOfType(messages: ChatCompletionRequest['messages'], types: readonly string[]): string | undefined {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    const j = content.findIndex((part) => types.includes(part.type))
    if (j >= 0) return `messages[${i}].content[${j}].type`
  }
  return undefined
}
