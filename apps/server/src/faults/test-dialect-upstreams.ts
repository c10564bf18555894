import type { Clock, Provider } from '@dragoman/core'
import { responsesUpstream } from '@dragoman/dialects/openai-responses'
import { anthropic } from '@dragoman/provider-anthropic'
import { openAICompatible, openAICompatibleWith } from '@dragoman/provider-openai-compatible'
import {
  chatChunks,
  eventStream,
  type FakeAnswer,
  type FakeToolCall,
  jsonReply,
  type ScriptedReply,
  sse,
  tokens,
  wholeAnswer,
} from '@dragoman/testkit'

/** An upstream of a kind, and how it says things. */
export interface UpstreamKind {
  readonly name: string
  /** What its model is called: the gateway goes by it to look for markup. */
  readonly model: string
  provider(origin: string, clock: Clock): Provider
  /** The events of an answer; without its end where it has no finish reason (`finish: null`). */
  events(answer: FakeAnswer): string[]
  /** The same as one body. */
  whole(answer: FakeAnswer): unknown
  /** An error inside a stream that has begun. */
  readonly overloaded: readonly string[]
  /** The dialect of which its bytes are handed on to clients; chats are parsed. */
  readonly relays?: 'messages' | 'responses' | undefined
  /** Whether the last event of its streams says nothing but that they end. */
  readonly hasEndMark: boolean
  /** The body of an answer with a status of an error. */
  errorBody(message: string): unknown
}

const openaiOverloaded = sse({ error: { message: 'Overloaded, try later', type: 'server_error', code: 'overloaded' } })
const openaiErrorBody = (message: string) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null },
})

const openaiStyle: UpstreamKind = {
  name: 'openai',
  model: 'up',
  provider: (origin, clock) => openAICompatible.create({ baseUrl: origin }, { clock }),
  events: (answer) => sse(...chatChunks(answer), ...(answer.finish === null ? [] : ['[DONE]'])),
  whole: wholeAnswer,
  overloaded: openaiOverloaded,
  hasEndMark: true,
  errorBody: openaiErrorBody,
}

/** Calls come as text, between Kimi's own marks. */
const kimiMarkup: UpstreamKind = {
  ...openaiStyle,
  name: 'kimi markup',
  model: 'Kimi-K2-Instruct',
  events: (answer) => openaiStyle.events(inMarkup(answer)),
  whole: (answer) => wholeAnswer(inMarkup(answer)),
}

function inMarkup({ text = [], toolCalls = [], ...answer }: FakeAnswer): FakeAnswer {
  const isWhole = answer.finish !== null && answer.finish !== 'length'
  const calls = toolCalls.flatMap((call, i) => [
    `<|tool_call_begin|>functions.${call.name}:${i}<|tool_call_argument_begin|>`,
    ...argumentPieces(call),
    ...(isWhole ? ['<|tool_call_end|>'] : []),
  ])
  const section = calls.length > 0 ? ['<|tool_calls_section_begin|>', ...calls] : []
  const end = isWhole && section.length > 0 ? ['<|tool_calls_section_end|>'] : []
  return { ...answer, text: [...(typeof text === 'string' ? [text] : text), ...section, ...end] }
}

export function argumentPieces({ arguments: given = {} }: FakeToolCall): readonly string[] {
  if (typeof given === 'string') return [given]
  return Array.isArray(given) ? given : [JSON.stringify(given)]
}

const anthropicError = (type: string) => (message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_upstream',
})

const anthropicStyle: UpstreamKind = {
  name: 'anthropic',
  model: 'claude-sonnet-4-5',
  provider: (origin, clock) => anthropic.create({ baseUrl: origin }, { clock }),
  events: (answer) => named(...messageEvents(answer)),
  whole: wholeMessage,
  overloaded: named(anthropicError('overloaded_error')('Overloaded, try later')),
  relays: 'messages',
  hasEndMark: true,
  errorBody: anthropicError('invalid_request_error'),
}

/** Server-sent events with their names. */
export function named(...events: readonly { readonly type: string; readonly [field: string]: unknown }[]): string[] {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

const messageHead = { id: 'msg_fake', type: 'message', role: 'assistant', model: 'claude-fake', stop_sequence: null }

/** The answer as Anthropic streams it. */
export function messageEvents(answer: FakeAnswer): { type: string; [field: string]: unknown }[] {
  const { usage = tokens(1, 1) } = answer
  const counted = { input_tokens: usage.prompt_tokens, output_tokens: Math.min(usage.completion_tokens, 1) }
  const start = { ...messageHead, content: [], stop_reason: null, usage: counted }
  const events: { type: string; [field: string]: unknown }[] = [{ type: 'message_start', message: start }]
  const blocks = blocksOf(answer)
  for (const [index, { block, pieces }] of blocks.entries()) {
    events.push({ type: 'content_block_start', index, content_block: block })
    for (const delta of pieces) events.push({ type: 'content_block_delta', index, delta })
    const isCut = answer.finish === null && index === blocks.length - 1
    if (!isCut) events.push({ type: 'content_block_stop', index })
  }
  if (answer.finish === null) return events
  const delta = { stop_reason: stopReason(answer), stop_sequence: null }
  events.push({ type: 'message_delta', delta, usage: { output_tokens: usage.completion_tokens } })
  return [...events, { type: 'message_stop' }]
}

function blocksOf({ text = [], toolCalls = [] }: FakeAnswer) {
  const pieces = typeof text === 'string' ? [text] : text
  const said = {
    block: { type: 'text', text: '' },
    pieces: pieces.map((piece): object => ({ type: 'text_delta', text: piece })),
  }
  const calls = toolCalls.map((call, i) => ({
    block: { type: 'tool_use', id: call.id ?? `toolu_${i}`, name: call.name, input: {} },
    pieces: argumentPieces(call).map((partial_json): object => ({ type: 'input_json_delta', partial_json })),
  }))
  return pieces.length > 0 ? [said, ...calls] : calls
}

function wholeMessage(answer: FakeAnswer): unknown {
  const { usage = tokens(1, 1), text = [], toolCalls = [] } = answer
  const said = typeof text === 'string' ? text : text.join('')
  const calls = toolCalls.map((call, i) => ({
    type: 'tool_use',
    id: call.id ?? `toolu_${i}`,
    name: call.name,
    input: JSON.parse(argumentPieces(call).join('')),
  }))
  return {
    ...messageHead,
    content: said === '' ? calls : [{ type: 'text', text: said }, ...calls],
    stop_reason: stopReason(answer),
    usage: { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
  }
}

function stopReason({ finish, toolCalls = [] }: FakeAnswer): string {
  if (finish === 'length') return 'max_tokens'
  return toolCalls.length > 0 ? 'tool_use' : 'end_turn'
}

const responsesStyle: UpstreamKind = {
  ...openaiStyle,
  name: 'responses',
  provider: (origin, clock) =>
    openAICompatibleWith({ responses: responsesUpstream }).create(
      { baseUrl: origin, responses: true, api: 'responses' },
      { clock },
    ),
  events: (answer) => named(...responseEvents(answer)),
  whole: (answer) => responseEvents(answer).at(-1)?.response,
  overloaded: named({ type: 'error', code: 'server_error', message: 'Overloaded, try later', param: null }),
  relays: 'responses',
  hasEndMark: false,
}

/** The answer as OpenAI streams it in Responses. */
function responseEvents(answer: FakeAnswer): { type: string; [field: string]: unknown }[] {
  const { usage = tokens(1, 1), finish } = answer
  const events: { type: string; [field: string]: unknown }[] = []
  const say = (type: string, fields: object) => events.push({ type, sequence_number: events.length, ...fields })
  const head = { id: 'resp_fake', object: 'response', created_at: 1_767_225_600, model: 'fake', error: null }
  const begun = { response: { ...head, status: 'in_progress', output: [] } }
  say('response.created', begun)
  say('response.in_progress', begun)
  const output = outputOf(answer)
  for (const [output_index, { item, empty, at, delta, pieces }] of output.entries()) {
    const isCut = finish === null && output_index === output.length - 1
    const where = { item_id: item.id, output_index, ...at }
    say('response.output_item.added', { output_index, item: { ...item, ...empty, status: 'in_progress' } })
    if (item.content) say('response.content_part.added', { ...where, part: { ...item.content[0], text: '' } })
    for (const piece of pieces) say(`${delta}.delta`, { ...where, delta: piece })
    if (isCut) continue
    say(`${delta}.done`, { ...where, ...(item.content ? { text: pieces.join('') } : { arguments: item.arguments }) })
    if (item.content) say('response.content_part.done', { ...where, part: item.content[0] })
    say('response.output_item.done', { output_index, item })
  }
  if (finish === null) return events
  const { prompt_tokens: input_tokens, completion_tokens: output_tokens, total_tokens } = usage
  const ended = { ...head, status: 'completed', output: output.map(({ item }) => item) }
  say('response.completed', { response: { ...ended, usage: { input_tokens, output_tokens, total_tokens } } })
  return events
}

interface OutputItem {
  readonly item: {
    readonly id: string
    readonly content?: readonly [object]
    readonly arguments?: string
    readonly [field: string]: unknown
  }
  readonly empty: object
  readonly at: object
  readonly delta: string
  readonly pieces: readonly string[]
}

function outputOf({ text = [], toolCalls = [] }: FakeAnswer): OutputItem[] {
  const pieces = typeof text === 'string' ? [text] : text
  const part = { type: 'output_text', text: pieces.join(''), annotations: [], logprobs: [] }
  const message: OutputItem = {
    item: { id: 'msg_fake', type: 'message', role: 'assistant', status: 'completed', content: [part] },
    empty: { content: [] },
    at: { content_index: 0 },
    delta: 'response.output_text',
    pieces,
  }
  const calls = toolCalls.map((call, i): OutputItem => {
    const identity = { id: `fc_${i}`, type: 'function_call', call_id: call.id ?? `call_${i}`, name: call.name }
    const given = argumentPieces(call)
    return {
      item: { ...identity, status: 'completed', arguments: given.join('') },
      empty: { arguments: '' },
      at: {},
      delta: 'response.function_call_arguments',
      pieces: given,
    }
  })
  return pieces.length > 0 ? [message, ...calls] : calls
}

export const upstreamKinds: readonly UpstreamKind[] = [openaiStyle, kimiMarkup, anthropicStyle, responsesStyle]

/** The answer, streamed or whole as the gateway asks for it. */
export const replyOf =
  (kind: UpstreamKind, answer: FakeAnswer): ScriptedReply =>
  ({ json }) =>
    json.stream ? eventStream(kind.events(answer)) : jsonReply(kind.whole(answer))
