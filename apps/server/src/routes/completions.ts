import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AnswerItem, type CallerSignal, DragomanError } from '@dragoman/core'
import type { Answer, ChatContext } from '@dragoman/gateway'
import { type CompletionRequest, completionRequest } from '@dragoman/openai-schema'
import { exchangeOf } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import { sendStream } from '../http/send-stream.ts'
import { contextOf, tellRoute } from './chat-answer.ts'
import { chatProblem, completionEncoder, fromCompletions, joined, toChats } from './completions-by-chat.ts'
import { answerEndpoint, checked, type EndpointOptions } from './endpoint-answer.ts'

type Options = Omit<EndpointOptions, 'readForm'>

/** `POST /v1/completions`: by the provider's own endpoint, or by chats. */
export function completions(options: Options): Handler {
  const { gateway, open, readJson } = options
  return async (request, response) => {
    const signal = open.signal(response)
    const { value } = await readJson(request, response)
    const asked = checked(completionRequest, value)
    const problem = chatProblem(asked)
    const serves = await whoServes(asked.model, response, options)
    if (serves === 'first' || (problem && serves === 'another')) {
      const body = (model: string) => ({ kind: 'json' as const, json: { ...asked, model } })
      await answerEndpoint(
        request,
        response,
        { gateway, signal },
        { endpoint: 'completions', model: asked.model, parsed: asked, body },
      )
    } else {
      if (problem) throw problem
      await answerByChats(request, response, asked, signal, options)
    }
  }
}

/** Which of a model's targets has the endpoint itself. */
async function whoServes(
  model: string,
  response: ServerResponse,
  { gateway, open }: Options,
): Promise<'first' | 'another' | 'none'> {
  const plan = await gateway.plan(model, open.abortSignal(response), exchangeOf(response).variant)
  const able = (plan?.targets ?? []).map(
    ({ entry: { provider } }) => provider.endpoints?.includes('completions') ?? false,
  )
  if (able[0]) return 'first'
  return able.includes(true) ? 'another' : 'none'
}

async function answerByChats(
  request: IncomingMessage,
  response: ServerResponse,
  asked: CompletionRequest,
  signal: CallerSignal,
  { gateway }: Options,
): Promise<void> {
  const context = contextOf(request, response, signal)
  const chats = toChats(asked)
  const choicesEach = asked.n ?? 1
  // One after the other: who sends a thousand prompts is not to occupy a thousand connections.
  const answers = async function* (): AsyncGenerator<Answer> {
    for (const [i, chat] of chats.entries()) {
      yield await gateway.chat(chat, i === 0 ? context : furtherContext(context, i))
    }
  }
  exchangeOf(response).isRecorded = true
  if (asked.stream) {
    const rest = answers()
    const first = await rest.next()
    if (first.done) throw unexpected()
    tellRoute(response, first.value.route, asked.model)
    const encoder = completionEncoder({ includeUsage: asked.stream_options?.include_usage === true })
    return sendStream(response, joined(chunksOf(first.value, rest), choicesEach), encoder, signal)
  }
  const whole = []
  for await (const answer of answers()) {
    if (answer.kind !== 'completion') throw unexpected()
    if (whole.length === 0) tellRoute(response, answer.route, asked.model)
    whole.push(answer.completion)
  }
  sendJson(response, fromCompletions(whole, choicesEach))
}

/** Each of several chats is a request of its own to the gateway. */
function furtherContext(context: ChatContext, i: number): ChatContext {
  const { requestId, idempotencyKey } = context
  return {
    ...context,
    requestId: `${requestId}.${i}`,
    idempotencyKey: idempotencyKey === undefined ? undefined : `${idempotencyKey} ${i}`,
  }
}

async function* chunksOf(first: Answer, rest: AsyncIterable<Answer>): AsyncGenerator<AsyncIterable<AnswerItem>> {
  yield itemsOf(first)
  for await (const answer of rest) yield itemsOf(answer)
}

function itemsOf(answer: Answer): AsyncIterable<AnswerItem> {
  if (answer.kind !== 'chunks') throw unexpected()
  return answer.chunks
}

/** Without the client's bytes there is nothing to relay, and a stream is a stream. */
function unexpected(): DragomanError {
  return new DragomanError('internal', 'A chat was answered in another form than it was asked for')
}
