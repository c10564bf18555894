import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'
import { encodeMessages } from './encode-messages.ts'
import { canStopThinking, effortFor, type NamedModel, readModelName } from './model-name.ts'

/** Fields of OpenAI that Z.AI's reference does not have. */
export const undocumented = [
  'frequency_penalty',
  'logit_bias',
  'metadata',
  'moderation',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'seed',
  'service_tier',
  'store',
  'verbosity',
] as const satisfies (keyof ChatCompletionRequest)[]

/** Taken care of by name below, or of no meaning there. */
const read = [
  'audio',
  'enable_thinking',
  'function_call',
  'functions',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'modalities',
  'model',
  'n',
  'reasoning_effort',
  'stream',
  'stream_options',
  'thinking',
  'tool_choice',
  'tools',
  'top_logprobs',
  'user',
  'web_search',
  'web_search_options',
] as const satisfies (keyof ChatCompletionRequest)[]

const leftOut: ReadonlySet<string> = new Set([...undocumented, ...read])

/** The body of `POST /chat/completions`, always streamed. Fields that are not known here go on untouched. */
export function encodeRequest(request: ChatCompletionRequest, searchEngine: string): Record<string, unknown> {
  const named = readModelName(request.model)
  const limit = request.max_completion_tokens ?? request.max_tokens
  const effort = effortOf(request, named)
  const user = userIdOf(request)
  const thinking = thinkingOf(request, named)
  const tools = toolsOf(request, named, searchEngine)
  const others = Object.entries(request).filter(
    ([field, value]) => !leftOut.has(field) && value !== undefined && value !== null,
  )
  return {
    ...Object.fromEntries(others),
    model: named.id,
    messages: encodeMessages(request.messages, !isOff(thinking)),
    ...(typeof limit === 'number' && { max_tokens: limit }),
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(thinking !== undefined && { thinking }),
    ...(user !== undefined && { user_id: user }),
    ...(tools.length > 0 && { tools }),
    ...(tools.some(({ type }) => type === 'function') && {
      tool_choice: 'auto',
      // Without it a call comes in one piece, after a silence as long as its arguments.
      tool_stream: true,
    }),
    stream: true,
  }
}

export function effortOf({ reasoning_effort }: ChatCompletionRequest, { id }: NamedModel): string | undefined {
  return typeof reasoning_effort === 'string' ? effortFor(id, reasoning_effort) : undefined
}

/** What the request says beats what the name of the model says. */
export function thinkingOf(request: ChatCompletionRequest, named: NamedModel): unknown {
  const { thinking, enable_thinking, reasoning_effort } = request
  if (typeof thinking === 'object' && thinking !== null) return thinking
  const isWanted = typeof thinking === 'boolean' ? thinking : enable_thinking
  if (typeof isWanted === 'boolean') return { type: isWanted ? 'enabled' : 'disabled' }
  if (reasoning_effort === 'none' && canStopThinking(named.id)) return { type: 'disabled' }
  return named.thinking === undefined ? undefined : { type: named.thinking }
}

/** Models of this family think unless they are told not to. */
function isOff(thinking: unknown): boolean {
  return typeof thinking === 'object' && thinking !== null && 'type' in thinking && thinking.type === 'disabled'
}

/** 6 to 128 characters, says its reference; another one would be a 400. */
export function userIdOf({ user }: ChatCompletionRequest): string | undefined {
  return typeof user === 'string' && user.length >= 6 && user.length <= 128 ? user : undefined
}

function toolsOf(request: ChatCompletionRequest, named: NamedModel, searchEngine: string): readonly { type: string }[] {
  const given: readonly Tool[] = request.tools ?? []
  const kept = given.filter((tool) => !isSearch(tool) && !(tool.type === 'function' && request.tool_choice === 'none'))
  const own = given.find((tool) => tool.type === 'web_search' && 'web_search' in tool)
  if (own) return [...kept, own]
  const isWanted = request.web_search ?? (named.search || Boolean(request.web_search_options) || given.some(isSearch))
  if (isWanted !== true) return kept
  return [...kept, { type: 'web_search', ...searchWith(searchEngine) }]
}

function searchWith(search_engine: string) {
  return { web_search: { enable: true, search_engine, search_result: true } }
}

function isSearch({ type }: Tool): boolean {
  return type === 'web_search' || type === 'web_search_preview'
}
