import { type AnswerEncoder, type AnswerItem, DragomanError, errorBody, heartbeat } from '@dragoman/core'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  Completion,
  CompletionChoice,
  CompletionRequest,
  Usage,
} from '@dragoman/openai-schema'

/** What the older endpoint has always taken for it. */
const defaultMaxTokens = 16

/** What a chat cannot do of it; undefined where a chat is as good. */
export function chatProblem({
  prompt,
  suffix,
  echo,
  logprobs,
  n,
  best_of,
}: CompletionRequest): DragomanError | undefined {
  if (promptsOf(prompt) === undefined) return unable('prompt', 'takes texts only, not tokens')
  if (suffix) return unable('suffix', 'cannot write what stands before a text')
  if (echo) return unable('echo', 'does not repeat its prompt')
  if (typeof logprobs === 'number') return unable('logprobs', 'gives no log probabilities in this form')
  if (best_of && best_of > (n ?? 1)) return unable('best_of', 'gives all the answers that it makes')
  return undefined
}

function unable(param: string, lack: string): DragomanError {
  const message = `${param}: this model serves completions as chats, and ${lack}`
  return new DragomanError('unsupported_parameter', message, { param })
}

/** One chat for each prompt. */
export function toChats(request: CompletionRequest): ChatCompletionRequest[] {
  const { prompt, max_tokens, suffix, echo, logprobs, best_of, stream_options, ...rest } = request
  return (promptsOf(prompt) ?? []).map((content) => ({
    ...rest,
    max_tokens: max_tokens ?? defaultMaxTokens,
    messages: [{ role: 'user', content }],
    ...(rest.stream && { stream_options: { include_usage: true } }),
  }))
}

function promptsOf(prompt: CompletionRequest['prompt']): readonly string[] | undefined {
  if (typeof prompt === 'string') return [prompt]
  return prompt.every((each) => typeof each === 'string') ? prompt : undefined
}

/** Choices of each prompt, one group after the other. */
export function fromCompletions(completions: readonly ChatCompletion[], choicesEach: number): Completion {
  const [first] = completions
  const choices = completions.flatMap((completion, group) =>
    completion.choices.map(({ index, message, finish_reason }) => {
      return choice(group * choicesEach + index, message.content ?? '', finish_reason)
    }),
  )
  const usage = completions.reduce<Usage | undefined>((sum, completion) => added(sum, completion.usage), undefined)
  return { ...head(first), choices, ...(usage && { usage }) }
}

/** The chunks of each prompt, one after the other, in one stream with one usage. */
export async function* joined(
  answers: AsyncIterable<AsyncIterable<AnswerItem>>,
  choicesEach: number,
): AsyncGenerator<AnswerItem> {
  let usage: Usage | undefined
  let last: ChatCompletionChunk | undefined
  let group = 0
  for await (const answer of answers) {
    for await (const item of answer) {
      if (item === heartbeat || item instanceof Uint8Array) {
        yield item
        continue
      }
      last = item
      if (item.choices.length === 0) usage = added(usage, item.usage)
      else
        yield { ...item, choices: item.choices.map((each) => ({ ...each, index: group * choicesEach + each.index })) }
    }
    group++
  }
  if (last && usage) yield { ...last, choices: [], usage }
}

/** How a stream is written in this dialect. */
export function completionEncoder({ includeUsage }: { includeUsage: boolean }): AnswerEncoder {
  let ids: ReturnType<typeof head> | undefined
  return {
    contentType: 'text/event-stream; charset=utf-8',
    chunk(chunk) {
      ids ??= head(chunk)
      if (chunk.choices.length === 0) return includeUsage ? frame({ ...ids, choices: [], usage: chunk.usage }) : ''
      const choices = chunk.choices.flatMap(({ index, delta, finish_reason }) => {
        const text = delta.content ?? ''
        return text === '' && !finish_reason ? [] : [choice(index, text, finish_reason)]
      })
      return choices.length === 0 ? '' : frame({ ...ids, choices })
    },
    heartbeat: () => ': keepalive\n\n',
    end: () => 'data: [DONE]\n\n',
    error: (error) => frame(errorBody(error)),
  }
}

function frame(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

function head(answer: Pick<ChatCompletion, 'id' | 'created' | 'model'> | undefined) {
  const { id = '', created = 0, model = '' } = answer ?? {}
  return { id: `cmpl-${id.replace(/^chatcmpl-/, '')}`, object: 'text_completion' as const, created, model }
}

/** A text has been continued, whatever the model called in between. */
function choice(index: number, text: string, reason: string | null | undefined): CompletionChoice {
  const finish_reason = reason && !['length', 'content_filter'].includes(reason) ? 'stop' : (reason ?? null)
  return { text, index, logprobs: null, finish_reason }
}

function added(sum: Usage | undefined, usage: Usage | null | undefined): Usage | undefined {
  if (!sum || !usage) return sum ?? usage ?? undefined
  return {
    prompt_tokens: sum.prompt_tokens + usage.prompt_tokens,
    completion_tokens: sum.completion_tokens + usage.completion_tokens,
    total_tokens: sum.total_tokens + usage.total_tokens,
    ...((sum.estimated || usage.estimated) && { estimated: true }),
  }
}
