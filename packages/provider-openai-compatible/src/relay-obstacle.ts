import type { Dialect } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { refusedFields } from './cache-marks.ts'
import { without } from './drop-fields.ts'
import { encodeMessages } from './encode-messages.ts'
import { isMissing, isStreamedUpstream, type RequestSettings, wantsNoReasoning } from './encode-request.ts'
import { functionMessagesToTools } from './legacy-functions.ts'
import type { Settings } from './options.ts'
import type { Fields } from './record.ts'

/**
 * Why the client's own bytes would not do, in a few words; undefined where `encodeRequest` would change nothing but
 * `model`, `stream` and `stream_options`. Told without encoding the request.
 */
export function relayObstacle(
  request: ChatCompletionRequest,
  dialect: Dialect,
  settings: RequestSettings & Pick<Settings, 'conformant' | 'responses' | 'api'>,
): string | undefined {
  if (dialect === 'openai-responses') return responsesObstacle(request, settings)
  if (dialect !== 'openai-chat') return 'the service speaks another dialect'
  if (settings.api !== 'chat') return 'the service is asked over Responses'
  if (!settings.conformant) return 'the service is not known to be conformant'
  if (request.functions || request.function_call) return 'functions are sent as tools'
  return (
    streamObstacle(request, settings) ??
    fieldObstacle(request, settings) ??
    toolObstacle(request, settings) ??
    messageObstacle(request, settings)
  )
}

/** The request is the one that came, read as a chat: what it says of fields that both have holds. */
function responsesObstacle(
  request: ChatCompletionRequest,
  { responses, upstreamStream, extraBody, dropFields }: RequestSettings & Pick<Settings, 'responses'>,
): string | undefined {
  if (!responses) return 'the service is not known to speak Responses'
  const hasTools = Boolean(request.tools?.length)
  if (request.stream && !isStreamedUpstream(upstreamStream, hasTools)) return 'the service does not stream its answer'
  const fields = asFields(request)
  for (const name in extraBody) if (isMissing(fields, name)) return `${name} is filled in`
  for (const path of dropFields) if (without(fields, path) !== fields) return `${path} is left out`
  return undefined
}

function streamObstacle(
  { stream, stream_options, tools }: ChatCompletionRequest,
  { upstreamStream, streamUsage, dropFields }: RequestSettings,
): string | undefined {
  // Tolerated where the answer is streamed for us, a 400 at OpenAI.
  if (!stream) return stream_options ? 'stream_options without a stream' : undefined
  if (!isStreamedUpstream(upstreamStream, Boolean(tools?.length))) return 'the service does not stream its answer'
  const isRefused = !streamUsage || dropFields.some((path) => /^stream(_options)?(\.|$)/.test(path))
  return isRefused ? 'the service does not take stream_options' : undefined
}

function fieldObstacle(chat: ChatCompletionRequest, settings: RequestSettings): string | undefined {
  const { tokenLimitField, extraBody } = settings
  const request = asFields(chat)
  if (tokenLimitField !== 'asSent') {
    const other = tokenLimitField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
    if (request[other] !== undefined) return `${other} is sent as ${tokenLimitField}`
    if (request[tokenLimitField] === null) return `a ${tokenLimitField} of null is left out`
  }
  for (const name in extraBody) if (isMissing(request, name)) return `${name} is filled in`
  for (const path of refusedFields(chat, settings)) if (without(request, path) !== request) return `${path} is left out`
  return undefined
}

function toolObstacle(request: ChatCompletionRequest, settings: RequestSettings): string | undefined {
  const { tools, tool_choice, parallel_tool_calls, model } = request
  if (!tools?.length) {
    if (tools !== undefined) return 'an empty list of tools is left out'
    if (tool_choice !== undefined) return 'tool_choice without tools is left out'
    return parallel_tool_calls === undefined ? undefined : 'parallel_tool_calls without tools are left out'
  }
  if (tool_choice === 'any') return 'tool_choice any is sent as required'
  const needsNone = isMissing(asFields(request), 'reasoning_effort') && wantsNoReasoning(model, settings)
  return needsNone ? 'reasoning_effort is filled in' : undefined
}

function messageObstacle({ messages }: ChatCompletionRequest, settings: RequestSettings): string | undefined {
  if (functionMessagesToTools(messages) !== messages) return 'functions in the messages are sent as tools'
  return encodeMessages(messages, settings) === messages ? undefined : 'the messages need a change'
}

function asFields(request: ChatCompletionRequest): Fields {
  return request as unknown as Fields // to look at fields by names that come from the settings
}
