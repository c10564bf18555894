import { type Clock, DragomanError, systemClock } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionRequest, ChatMessage, ResponseFormat } from '@dragoman/openai-schema'
import { quote } from '@dragoman/openai-schema/fields'
import type { ReadOptions, ReadRequest } from '../dialect.ts'
import { Findings } from '../findings.ts'
import { withIds } from './conversation.ts'
import { InputReader } from './read-input.ts'
import { checkedRequest, type InputItem, type ResponsesRequest } from './request-schema.ts'
import { type AnswerContext, type ResponsesEncoder, responseEncoder, wholeResponse } from './response-encoder.ts'
import { echoOf, type FinalResponse, type ResponseObject } from './response-object.ts'
import { sameFields } from './same-fields.ts'
import { ToolTable } from './tool-table.ts'

export interface ResponsesReadOptions extends ReadOptions {
  /** The items before this request, oldest first: what `previous_response_id` stands for. */
  readonly history?: readonly InputItem[] | undefined
  /** The items that item references stand for, by id. */
  readonly references?: ReadonlyMap<string, InputItem> | undefined
  readonly clock?: Clock | undefined
}

/** A request whose types are checked. What it refers to has to be looked up before it can be read. */
export interface OpenedResponsesRequest {
  readonly request: ResponsesRequest
  readonly previousResponseId: string | undefined
  /** The ids of its item references, each once. */
  readonly references: readonly string[]
  /** Whether the client wants to come back to the answer: `store` is on unless it says no. */
  readonly isStored: boolean
  read(options?: ResponsesReadOptions): ResponsesReadRequest
}

export interface ResponsesReadRequest extends ReadRequest {
  readonly request: ResponsesRequest
  /** The new items, without the history: each with an id, references replaced. For storing. */
  input(): InputItem[]
  encoder(): ResponsesEncoder
  whole(completion: ChatCompletion): ResponseObject
  /** The same with the items that the next turn needs. For storing. */
  answer(completion: ChatCompletion): FinalResponse
}

/** Throws `invalid_request` with the path of the field where the body is not what its types say. */
export function openRequest(body: unknown): OpenedResponsesRequest {
  const request = checkedRequest(body)
  return {
    request,
    previousResponseId: request.previous_response_id ?? undefined,
    references: referencesOf(request),
    isStored: request.store !== false,
    read: (options = {}) => read(request, options),
  }
}

function read(request: ResponsesRequest, options: ResponsesReadOptions): ResponsesReadRequest {
  refuseState(request, options)
  const findings = new Findings()
  const tools = new ToolTable(request.tools ?? [], findings)
  const reader = new InputReader(tools, findings, options.seal)
  const items = newItems(request, options.references)
  for (const item of options.history ?? []) reader.read(item, 'previous_response_id')
  if (typeof items === 'string') {
    reader.read({ role: 'user', content: items }, 'input')
  } else {
    for (const [i, item] of items.entries()) reader.read(item, `input[${i}]`)
  }
  const messages = reader.messages()
  if (request.instructions) messages.unshift({ role: 'system', content: request.instructions })
  if (messages.length === 0 && !findings.relayOnly) throw noInput()
  dropHints(request, findings)

  const context = contextOf(request, tools, options)
  const answer = (completion: ChatCompletion) => wholeResponse(context(), completion)
  const chat = chatRequest(request, messages, tools)
  return {
    request,
    chat,
    dropped: findings.dropped,
    relayOnly: findings.relayOnly,
    input: () => withIds(typeof items === 'string' ? [{ role: 'user', content: items }] : items),
    encoder: () => responseEncoder(context()),
    whole: (completion) => answer(completion).response,
    answer,
  }
}

function referencesOf({ input }: ResponsesRequest): string[] {
  if (!Array.isArray(input)) return []
  return [...new Set(input.flatMap((item) => (item.type === 'item_reference' ? [item.id] : [])))]
}

function newItems(
  { input }: ResponsesRequest,
  references: ReadonlyMap<string, InputItem> | undefined,
): string | readonly InputItem[] {
  if (typeof input === 'string') return input
  const known = new Set<string>()
  return (input ?? []).map((item, i) => {
    if (item.type !== 'item_reference') return item
    // OpenAI refuses it too. A small request would become as large as anybody likes.
    if (known.has(item.id)) {
      const message = `input[${i}].id: the item ${quote(item.id)} is referred to twice`
      throw new DragomanError('invalid_request', message, { param: `input[${i}].id`, publicCode: 'invalid_value' })
    }
    known.add(item.id)
    return references?.get(item.id) ?? item
  })
}

/** What needs a store that remembers more than responses, or one that nobody has asked. */
function refuseState(request: ResponsesRequest, { history }: ResponsesReadOptions): void {
  const { previous_response_id: previous, background, conversation, prompt, input } = request
  for (const [field, value] of Object.entries({ background: background || null, conversation, prompt })) {
    if (value !== null && value !== undefined) {
      throw new DragomanError('unsupported_parameter', `${field}: not supported here`, { param: field })
    }
  }
  if (typeof previous === 'string' && history === undefined) {
    const message = `previous_response_id: no response ${JSON.stringify(previous.slice(0, 80))} is stored here`
    throw new DragomanError('invalid_request', message, {
      param: 'previous_response_id',
      publicCode: 'previous_response_not_found',
    })
  }
  if ((input === null || input === undefined) && !previous) throw noInput()
}

function noInput(): DragomanError {
  return new DragomanError('invalid_request', 'input: required; expected a string or an array of input items', {
    param: 'input',
    publicCode: 'missing_required_parameter',
  })
}

function chatRequest(request: ResponsesRequest, messages: ChatMessage[], tools: ToolTable): ChatCompletionRequest {
  const { max_output_tokens, reasoning, text, top_logprobs } = request
  const chat: Record<string, unknown> = { model: request.model, messages }
  for (const field of sameFields) {
    const value = request[field]
    if (value !== null && value !== undefined) chat[field] = value
  }
  if (typeof max_output_tokens === 'number') chat.max_completion_tokens = max_output_tokens
  if (typeof reasoning?.effort === 'string') chat.reasoning_effort = reasoning.effort
  if (typeof text?.verbosity === 'string') chat.verbosity = text.verbosity
  const format = responseFormat(text?.format)
  if (format) chat.response_format = format
  if (wantsLogprobs(request)) chat.logprobs = true
  if (top_logprobs) chat.top_logprobs = top_logprobs
  return { ...chat, model: request.model, messages, ...tools.fields(request) }
}

function responseFormat(format: NonNullable<ResponsesRequest['text']>['format']): ResponseFormat | undefined {
  switch (format?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json_object':
      return { type: 'json_object' }
    case 'json_schema': {
      const { name, description, schema, strict } = format
      if (typeof name !== 'string') {
        throw new DragomanError('invalid_request', 'text.format.name: required; expected a string', {
          param: 'text.format.name',
          publicCode: 'missing_required_parameter',
        })
      }
      return {
        type: 'json_schema',
        json_schema: {
          name,
          ...(schema && { schema }),
          ...(description && { description }),
          ...(typeof strict === 'boolean' && { strict }),
        },
      }
    }
    default: {
      const message = `text.format.type: ${JSON.stringify(format?.type.slice(0, 80))} is not supported by this model`
      throw new DragomanError('unsupported_value', message, { param: 'text.format.type' })
    }
  }
}

const asks = ({ include }: ResponsesRequest, what: string) => include?.includes(what) === true

const wantsLogprobs = (request: ResponsesRequest) =>
  Boolean(request.top_logprobs) || asks(request, 'message.output_text.logprobs')

/** Hints without a word in Chat Completions. */
function dropHints(request: ResponsesRequest, findings: Findings): void {
  if (request.truncation && request.truncation !== 'disabled') findings.drop('truncation')
  if (typeof request.max_tool_calls === 'number') findings.drop('max_tool_calls')
  for (const field of ['context_management', 'access_programs'] as const) {
    if (request[field] !== null && request[field] !== undefined) findings.drop(field)
  }
}

/** What all answers of a request share, made when the first is written. */
function contextOf(request: ResponsesRequest, tools: ToolTable, options: ResponsesReadOptions): () => AnswerContext {
  let context: AnswerContext | undefined
  return () => {
    if (context) return context
    const echo = echoOf(request)
    const showsSealed = asks(request, 'reasoning.encrypted_content')
    // Sealing costs time; without anybody to bring the value back it is for nothing.
    const isKept = showsSealed || request.store !== false
    context = {
      model: request.model,
      echo,
      echoJson: JSON.stringify(echo),
      tools,
      seal: isKept ? options.seal : undefined,
      showsSealed,
      showsLogprobs: wantsLogprobs(request),
      clock: options.clock ?? systemClock,
    }
    return context
  }
}
