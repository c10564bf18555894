import type { ChatCompletion, ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import type { Reply, Step } from './reply.ts'

/** What a model is to have answered. Text in several pieces becomes as many chunks. */
export interface FakeAnswer {
  readonly text?: string | readonly string[] | undefined
  readonly reasoning?: string | readonly string[] | undefined
  readonly toolCalls?: readonly FakeToolCall[] | undefined
  /** Default: `stop`, or `tool_calls` where there are some. Null: the answer never says. */
  readonly finish?: ChatCompletionChunk['choices'][number]['finish_reason'] | undefined
  /** In a stream: one more chunk, without choices. */
  readonly usage?: Usage | undefined
  readonly model?: string | undefined
  readonly id?: string | undefined
  /** Unix seconds. */
  readonly created?: number | undefined
}

export interface FakeToolCall {
  readonly name: string
  /** A value becomes JSON; pieces become one chunk each. */
  readonly arguments?: string | readonly string[] | Readonly<Record<string, unknown>> | undefined
  /** Default `call_<index>`. */
  readonly id?: string | undefined
}

/** Usage with the sum done. */
export function tokens(promptTokens: number, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

/** The answer as OpenAI streams it: role, reasoning, text, calls, finish reason, usage. */
export function chatChunks(answer: FakeAnswer = {}): ChatCompletionChunk[] {
  const { id, created, model } = identity(answer)
  const chunk = (
    delta: ChatCompletionChunk['choices'][number]['delta'],
    finish_reason: FakeAnswer['finish'] = null,
  ): ChatCompletionChunk => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [{ index: 0, delta, finish_reason }],
  })
  const chunks = [chunk({ role: 'assistant', content: '' })]
  for (const piece of pieces(answer.reasoning)) chunks.push(chunk({ reasoning_content: piece }))
  for (const piece of pieces(answer.text)) chunks.push(chunk({ content: piece }))
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    const opened = { index, id: call.id ?? `call_${index}`, type: 'function' as const }
    chunks.push(chunk({ tool_calls: [{ ...opened, function: { name: call.name, arguments: '' } }] }))
    for (const piece of argumentPieces(call)) {
      chunks.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
    }
  }
  const finish = finishReason(answer)
  if (finish !== null) chunks.push(chunk({}, finish))
  if (answer.usage) {
    chunks.push({ id, object: 'chat.completion.chunk', created, model, choices: [], usage: answer.usage })
  }
  return chunks
}

/** The same answer whole. */
export function wholeAnswer(answer: FakeAnswer = {}): ChatCompletion {
  const { id, created, model } = identity(answer)
  const reasoning = pieces(answer.reasoning).join('')
  const calls = (answer.toolCalls ?? []).map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: 'function' as const,
    function: { name: call.name, arguments: argumentPieces(call).join('') },
  }))
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        logprobs: null,
        message: {
          role: 'assistant',
          refusal: null,
          content: answer.text === undefined && calls.length > 0 ? null : pieces(answer.text).join(''),
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        finish_reason: finishReason(answer) ?? 'stop',
      },
    ],
    ...(answer.usage && { usage: answer.usage }),
  }
}

/** One server-sent event per datum, each a step of its own: objects as JSON, strings (`[DONE]`) as they are. */
export function sse(...data: readonly unknown[]): string[] {
  return data.map((datum) => {
    const text = typeof datum === 'string' ? datum : JSON.stringify(datum)
    const lines = text.split('\n').map((line) => `data: ${line}\n`)
    return `${lines.join('')}\n`
  })
}

/** A reply that streams these steps as `text/event-stream`. */
export function eventStream(steps: readonly Step[], headers: Reply['headers'] = {}): Reply {
  return {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    body: steps,
  }
}

/** The whole answer streamed, with `[DONE]`. */
export function chatStream(answer: FakeAnswer = {}): Reply {
  return eventStream(sse(...chatChunks(answer), '[DONE]'))
}

/** The answer as one JSON body. */
export function completion(answer: FakeAnswer = {}): Reply {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(wholeAnswer(answer)) }
}

/** An error as OpenAI writes it. A string as `body` is the message; anything else is the body as it is. */
export function errorReply(
  status: number,
  body: unknown = `Refused with ${status}`,
  headers: Reply['headers'] = {},
): Reply {
  const value =
    typeof body === 'string' ? { error: { message: body, type: errorType(status), param: null, code: null } } : body
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

function identity({ id = 'chatcmpl-fake', created = 1_767_225_600, model = 'fake-model' }: FakeAnswer) {
  return { id, created, model }
}

function pieces(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined) return []
  return typeof text === 'string' ? [text] : text
}

function argumentPieces({ arguments: given = {} }: FakeToolCall): readonly string[] {
  if (typeof given === 'string') return [given]
  return Array.isArray(given) ? given : [JSON.stringify(given)]
}

function finishReason({ finish, toolCalls }: FakeAnswer) {
  return finish !== undefined ? finish : toolCalls?.length ? ('tool_calls' as const) : ('stop' as const)
}
