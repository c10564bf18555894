import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ResponseFormat } from '@dragoman/openai-schema'
import { Findings } from '../findings.ts'
import type { Renames } from '../renames.ts'
import { unsupported } from '../unsupported.ts'
import { sameFields } from './same-fields.ts'
import { MessageWriter } from './write-messages.ts'
import { writeTools } from './write-tools.ts'

type Fields = Record<string, unknown>

/** What goes on under its own name. */
const shared = [...sameFields, 'top_logprobs', 'metadata'] as const satisfies readonly (keyof ChatCompletionRequest)[]

/** Fields that are written under another name, refused, or without a meaning here. */
const read = new Set<string>([
  ...shared,
  'model',
  'messages',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'web_search_options',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'verbosity',
  'logprobs',
  'modalities',
  'audio',
  // Usage is always told, and nothing is padded.
  'stream_options',
])

/** The body of a request that the service is to forget: conversations are the gateway's. */
export function writeBody(
  request: ChatCompletionRequest,
  names: Renames,
): { readonly body: Fields; readonly dropped: readonly string[] } {
  refuse(request)
  const findings = new Findings()
  // Tools first: their names then stay as they are, where those of the history would get in the way.
  const tools = writeTools(request, names)
  const body: Fields = { model: request.model, input: new MessageWriter(names, findings).write(request.messages) }
  for (const field of shared) {
    const value = request[field]
    if (value !== null && value !== undefined) body[field] = value
  }
  const limit = request.max_completion_tokens ?? request.max_tokens
  if (typeof limit === 'number') body.max_output_tokens = limit
  if (request.reasoning_effort) body.reasoning = reasoningOf(request.reasoning_effort)
  const format = request.response_format ? writeFormat(request.response_format) : undefined
  const { verbosity } = request
  if (format || verbosity) body.text = { ...(format && { format }), ...(verbosity && { verbosity }) }
  const include = ['reasoning.encrypted_content']
  if (request.logprobs) include.push('message.output_text.logprobs')
  for (const [field, value] of Object.entries(request)) {
    if (!read.has(field) && value !== null && value !== undefined) findings.drop(field)
  }
  return { body: { ...body, ...tools, store: false, include }, dropped: findings.dropped }
}

function reasoningOf(effort: string): Fields {
  // Summaries are the only reasoning that OpenAI shows, and come only when they are asked for.
  return effort === 'none' ? { effort } : { effort, summary: 'auto' }
}

function refuse({ n, audio, modalities, functions }: ChatCompletionRequest): void {
  if (typeof n === 'number' && n > 1) {
    throw new DragomanError('unsupported_value', 'n: this model gives one choice', { param: 'n' })
  }
  const spoken = audio ? 'audio' : modalities?.some((kind) => kind !== 'text') ? 'modalities' : undefined
  if (spoken) {
    throw new DragomanError('unsupported_parameter', `${spoken}: this model answers with text only`, { param: spoken })
  }
  if (functions?.length) {
    const message = 'functions: the legacy form of tools is not supported here'
    throw new DragomanError('unsupported_parameter', message, { param: 'functions' })
  }
}

function writeFormat(format: ResponseFormat): Fields {
  switch (format.type) {
    case 'text':
    case 'json_object':
      return { type: format.type }
    case 'json_schema': {
      const { name, description, schema, strict } = format.json_schema
      return {
        type: 'json_schema',
        name,
        schema: schema ?? {},
        ...(description && { description }),
        // As with tools, an absent value means strict only here.
        strict: strict ?? false,
      }
    }
    default:
      throw unsupported(format.type, 'response_format')
  }
}
