import type { ChatChunkChoice, ChatCompletion, ChatCompletionChoice, ChatDelta } from './chat-types.ts'
import { ChoiceNormalizer, type NormalizeOptions } from './choice-normalizer.ts'
import { isRecord } from './is-record.ts'

/**
 * Turns the markup in the text of a whole answer into `reasoning_content` and `tool_calls`, with the same results as
 * `normalizeStream`. A completion in which nothing has to change comes back as the same object.
 */
export function normalizeCompletion<C extends ChatCompletion>(completion: C, options: NormalizeOptions): C {
  const given: readonly unknown[] | undefined = completion?.choices
  if (!Array.isArray(given)) return completion
  const choices = completion.choices.map((choice) => normalizeChoice(choice, options))
  const isAsGiven = choices.every((choice, i) => choice === completion.choices[i])
  return isAsGiven ? completion : { ...completion, choices }
}

function normalizeChoice(choice: ChatCompletionChoice, options: NormalizeOptions): ChatCompletionChoice {
  if (!isRecord(choice) || !isRecord(choice.message)) return choice
  const { index, message, finish_reason: given } = choice
  // A whole answer is done, also where no reason is given.
  const reason = given || 'stop'
  const { role, ...said } = message
  const delta = isArray(said.tool_calls) ? { ...said, tool_calls: said.tool_calls.map(indexed) } : said
  const read = new ChoiceNormalizer(index, options).read({ index, delta, finish_reason: reason })
  const normal = tidy(read ? { role, ...collected(read) } : message)
  const saysReason = read?.at(-1)?.finish_reason ?? reason
  const finish_reason = saysReason === reason ? given : saysReason
  return normal === message && finish_reason === given ? choice : { ...choice, message: normal, finish_reason }
}

/** The pieces of a message as one. */
function collected(pieces: readonly ChatChunkChoice[]): ChatDelta {
  const message: Record<string, unknown> = {}
  const calls = new Map<unknown, Record<string, unknown>>()
  for (const { delta } of pieces) {
    for (const [field, value] of Object.entries(delta)) {
      const before = message[field]
      if (field === 'tool_calls' && isArray(value)) for (const call of value) addCall(calls, call)
      else if (isTextField(field) && typeof before === 'string') message[field] = before + value
      else message[field] = value
    }
  }
  if (!('content' in message)) message.content = null
  if (calls.size > 0) message.tool_calls = [...calls.values()]
  return message
}

function isTextField(field: string): boolean {
  return field === 'content' || field === 'reasoning_content'
}

function addCall(calls: Map<unknown, Record<string, unknown>>, piece: unknown): void {
  if (!isRecord(piece)) return
  const { index, ...call } = piece
  const known = calls.get(index)
  if (!known) {
    calls.set(index, call)
    return
  }
  const fn = isRecord(known.function) ? known.function : {}
  const more = isRecord(call.function) ? call.function.arguments : ''
  known.function = { ...fn, arguments: `${fn.arguments ?? ''}${more ?? ''}` }
}

/** Whole calls have no index. */
function indexed(call: unknown, index: number): unknown {
  return isRecord(call) ? { ...call, index } : call
}

/** Absent means none: clients test for presence. */
function tidy(message: ChatDelta): ChatDelta {
  const { reasoning_content, tool_calls, content, ...rest } = message
  const hasCalls = isArray(tool_calls) && tool_calls.length > 0
  const isTidy =
    reasoning_content !== '' &&
    reasoning_content !== null &&
    (hasCalls || tool_calls === undefined) &&
    !(content === '' && hasCalls)
  if (isTidy) return message
  const tidied: Record<string, unknown> = { ...rest, content: content === '' && hasCalls ? null : content }
  if (reasoning_content) tidied.reasoning_content = reasoning_content
  if (hasCalls) tidied.tool_calls = tool_calls
  return tidied
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
