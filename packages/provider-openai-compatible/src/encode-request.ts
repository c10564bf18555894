import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { refusedFields } from './cache-marks.ts'
import { without } from './drop-fields.ts'
import { encodeMessages } from './encode-messages.ts'
import { functionMessagesToTools, functionsToTools } from './legacy-functions.ts'
import type { Settings } from './options.ts'
import type { Fields } from './record.ts'

export type RequestSettings = Pick<
  Settings,
  | 'developerRole'
  | 'dropFields'
  | 'extraBody'
  | 'refusedMarks'
  | 'sendReasoningHistory'
  | 'streamUsage'
  | 'tokenLimitField'
  | 'toolsWithoutReasoning'
  | 'upstreamStream'
>

export interface EncodedRequest {
  /** To be sent as JSON. */
  readonly body: Fields
  /** Whether it asks for a stream. */
  readonly isStreamed: boolean
}

/**
 * The body of `POST /chat/completions` for a service with these settings. Fields that are not named here go on
 * untouched. The request is not changed; what needs no change is shared with it, not copied.
 */
export function encodeRequest(request: ChatCompletionRequest, settings: RequestSettings): EncodedRequest {
  const {
    stream,
    stream_options,
    max_tokens,
    max_completion_tokens,
    tools,
    tool_choice,
    parallel_tool_calls,
    ...rest
  } = request.functions || request.function_call ? functionsToTools(request) : request

  // Without tools these two are a 400 at OpenAI, and so is an empty list in many places.
  const hasTools = Boolean(tools?.length)
  const isStreamed = isStreamedUpstream(settings.upstreamStream, hasTools)
  const asked = {
    ...rest,
    messages: encodeMessages(functionMessagesToTools(request.messages), settings),
    ...tokenLimit({ max_tokens, max_completion_tokens }, settings.tokenLimitField),
    ...(hasTools &&
      defined({ tools, tool_choice: tool_choice === 'any' ? 'required' : tool_choice, parallel_tool_calls })),
    stream: isStreamed,
    ...(isStreamed && settings.streamUsage && { stream_options: { ...stream_options, include_usage: true } }),
  }
  const filled = filledIn(asked, settings.extraBody)
  const body =
    hasTools && wantsNoReasoning(request.model, settings) ? filledIn(filled, { reasoning_effort: 'none' }) : filled
  return { body: refusedFields(request, settings).reduce<Fields>(without, body), isStreamed }
}

/** Whether the service is asked for a stream. */
export function isStreamedUpstream(upstreamStream: Settings['upstreamStream'], hasTools: boolean): boolean {
  return upstreamStream === 'auto' || (upstreamStream === 'neverWithTools' && !hasTools)
}

/** Whether the service takes tools for this model only where no reasoning is asked for. */
export function wantsNoReasoning(model: string, { toolsWithoutReasoning }: RequestSettings): boolean {
  return toolsWithoutReasoning.some((beginning) => model.startsWith(beginning))
}

function tokenLimit(
  sent: Pick<ChatCompletionRequest, 'max_tokens' | 'max_completion_tokens'>,
  field: Settings['tokenLimitField'],
): Record<string, unknown> {
  if (field === 'asSent') return defined(sent)
  const limit = sent.max_completion_tokens ?? sent.max_tokens
  return isNothing(limit) ? {} : { [field]: limit }
}

/** With those of `defaults` that `fields` does not bring. */
export function filledIn(fields: Fields, defaults: Fields): Fields {
  let filled = fields
  for (const [name, value] of Object.entries(defaults)) {
    if (isMissing(fields, name)) filled = { ...filled, [name]: value }
  }
  return filled
}

/** A `null` says nothing, and so brings nothing. */
export function isMissing(fields: Fields, name: string): boolean {
  return !Object.hasOwn(fields, name) || isNothing(fields[name])
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  const said: Record<string, unknown> = {}
  for (const name in fields) if (fields[name] !== undefined) said[name] = fields[name]
  return said
}
