import { isRecord } from '@dragoman/core'
import type { ChatCompletionRequest, ResponseFormat, Tool } from '@dragoman/openai-schema'
import { encodeMessages } from './encode-messages.ts'
import { type GeminiTraits, readModel } from './model-name.ts'
import { plainSchema } from './plain-schema.ts'
import type { Fields } from './record.ts'
import { googleIn, thinkingFields, thinkingOf } from './thinking.ts'

/** Fields that Google's list for Gemini does not have. It leaves them unread. */
export const unreadByGemini = [
  'logit_bias',
  'metadata',
  'moderation',
  'parallel_tool_calls',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'user',
  'verbosity',
] as const

/** The body of `…/chat/completions`: always streamed, with its usage. */
export function encodeRequest(request: ChatCompletionRequest, wantsThoughts: boolean): Fields {
  const { id, gemini } = readModel(request.model)
  const { tools, tool_choice, parallel_tool_calls, stream_options, ...rest } = request
  const body = {
    ...defined(rest),
    model: id,
    messages: encodeMessages(request.messages, gemini),
    ...(tools?.length &&
      defined({ tools, tool_choice: tool_choice === 'any' ? 'required' : tool_choice, parallel_tool_calls })),
    stream: true,
    stream_options: { include_usage: true },
  }
  return gemini ? forGemini(body, request, gemini, wantsThoughts) : body
}

function forGemini(body: Fields, request: ChatCompletionRequest, traits: GeminiTraits, wantsThoughts: boolean): Fields {
  const { safety_settings, tools, response_format } = request
  const { config } = thinkingOf(request, traits, wantsThoughts)
  const given = googleIn(request)
  const google = {
    ...(safety_settings !== undefined && safety_settings !== null && { safety_settings }),
    ...given,
    ...(config && { thinking_config: config }),
  }
  const extra = isRecord(request.extra_body) ? request.extra_body : {}
  const unread = new Set<string>([...unreadByGemini, ...thinkingFields, 'safety_settings'])
  return {
    ...Object.fromEntries(Object.entries(body).filter(([field]) => !unread.has(field))),
    ...(tools?.length && { tools: tools.map(plainTool) }),
    ...(response_format && { response_format: plainFormat(response_format) }),
    ...(Object.keys(google).length > 0 && { extra_body: { ...extra, google } }),
  }
}

function plainTool(tool: Tool): Tool {
  if (tool.type !== 'function' || !tool.function.parameters) return tool
  return { ...tool, function: { ...tool.function, parameters: plainSchema(tool.function.parameters) } }
}

function plainFormat(format: ResponseFormat): ResponseFormat {
  if (format.type !== 'json_schema' || !format.json_schema.schema) return format
  return { ...format, json_schema: { ...format.json_schema, schema: plainSchema(format.json_schema.schema) } }
}

function defined(fields: object): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}
