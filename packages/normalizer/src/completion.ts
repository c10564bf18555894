import type { ChatCompletion, ChatCompletionChoice, ChatDelta } from './chat-types.ts'
import { ChoiceNormalizer, type NormalDelta, type NormalizeOptions } from './choice-normalizer.ts'
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
  const calls = said.tool_calls
  // Whole calls have no index.
  const delta = Array.isArray(calls) ? { ...said, tool_calls: calls.map(indexed) } : said
  const read = new ChoiceNormalizer(index, options).read(delta, reason)
  const normal = tidy(read ? { role, ...joined(read) } : message)
  const finish_reason = read && read.reason !== reason ? read.reason : given
  if (finish_reason === given && isSame(normal, message)) return choice
  return { ...choice, message: normal, finish_reason }
}

function indexed(call: unknown, index: number): unknown {
  return isRecord(call) ? { ...call, index } : call
}

/** The pieces of a message as one. Each call is in one of them. */
function joined({ pieces, rest }: NormalDelta): ChatDelta {
  const textOf = (field: 'content' | 'reasoning_content') => pieces.map((piece) => piece[field] ?? '').join('')
  const calls = pieces.flatMap(({ tool_calls = [] }) => tool_calls).filter(isRecord)
  return {
    ...rest,
    content: textOf('content') || (rest.content ?? null),
    reasoning_content: textOf('reasoning_content'),
    tool_calls: calls.map(({ index, ...call }) => call),
  }
}

/** Absent means none: clients test for presence. */
function tidy({ reasoning_content, tool_calls, ...rest }: ChatDelta): ChatDelta {
  const hasCalls = Array.isArray(tool_calls) && tool_calls.length > 0
  return {
    ...rest,
    ...(hasCalls && { content: rest.content === '' ? null : rest.content, tool_calls }),
    ...(reasoning_content ? { reasoning_content } : {}),
  }
}

function isSame(a: ChatDelta, b: ChatDelta): boolean {
  const fields = Object.keys({ ...a, ...b }) as (keyof ChatDelta)[]
  return fields.every((field) => a[field] === b[field])
}
