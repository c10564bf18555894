import type { ChatCompletion, ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import { type AnswerItem, chatEncoder, encodeAnswer } from './answer-encoder.ts'
import { errorBody, errorHeaders } from './error-answer.ts'
import { DragomanError, toDragomanError } from './errors.ts'
import { isRecord } from './is-record.ts'

export type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What stands behind the HTTP face: a single provider or a whole gateway. */
export interface ChatBackend {
  /** Rejects while a proper status is still possible; after that the chunks throw. `body` is the request as it came. */
  chat(request: ChatCompletionRequest, signal: AbortSignal, body: string): Promise<BackendAnswer>
  models(signal: AbortSignal): Promise<readonly Model[]>
}

export type BackendAnswer =
  | { kind: 'completion'; completion: ChatCompletion }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'chunks'; chunks: AsyncIterable<AnswerItem> }

/**
 * A WHATWG `fetch` that serves `POST …/chat/completions`, `GET …/models` and `GET …/models/{id}` in-process: whatever
 * takes a `fetch` (OpenAI SDK, AI SDK, LangChain) runs on it. The origin and the path before these are not looked at.
 * It never rejects for an error of the backend: those are answers, as over the network; only an abort rejects.
 */
export function chatFetch(backend: ChatBackend): FetchLike {
  return async (input, init) => {
    const request = new Request(input instanceof URL ? input.href : input, init)
    request.signal.throwIfAborted()
    const requestId = `req_${crypto.randomUUID().replaceAll('-', '')}`
    try {
      const response = await route(backend, request)
      response.headers.set('x-request-id', requestId)
      return response
    } catch (cause) {
      // A caller that aborts expects its own reason, as from the platform's fetch.
      request.signal.throwIfAborted()
      const error = toDragomanError(cause, request.signal)
      const headers = { ...errorHeaders(error), 'x-request-id': requestId }
      return Response.json(errorBody(error), { status: error.status, headers })
    }
  }
}

async function route(backend: ChatBackend, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/\/+$/, '')
  if (path.endsWith('/chat/completions')) {
    if (request.method !== 'POST') throw wrongMethod(request.method, path)
    return answerChat(backend, request)
  }
  const models = /\/models(?:\/(?<id>.+))?$/.exec(path)
  if (models) {
    if (request.method !== 'GET') throw wrongMethod(request.method, path)
    return answerModels(await backend.models(request.signal), models.groups?.id)
  }
  throw new DragomanError('unknown_url', `Nothing is served at ${request.method} ${path}`)
}

function wrongMethod(method: string, path: string): DragomanError {
  return new DragomanError('method_not_allowed', `${method} is not possible at ${path}`)
}

async function answerChat(backend: ChatBackend, request: Request): Promise<Response> {
  const text = await request.text()
  const body = readRequest(text)
  const controller = new AbortController()
  const signal = AbortSignal.any([request.signal, controller.signal])
  const answer = await backend.chat(body, signal, text)
  if (answer.kind === 'completion') return Response.json(answer.completion)
  if (answer.kind === 'bytes') {
    return new Response(answer.bytes.slice(), { headers: { 'content-type': 'application/json' } })
  }

  const encoder = chatEncoder({ includeUsage: body.stream_options?.include_usage === true })
  const frames = encodeAnswer(answer.chunks, encoder, signal)
  const utf8 = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(target) {
        const { done, value } = await frames.next()
        if (request.signal.aborted) target.error(request.signal.reason)
        else if (done) target.close()
        else target.enqueue(typeof value === 'string' ? utf8.encode(value) : value)
      },
      async cancel() {
        controller.abort(new DragomanError('aborted', 'The caller left'))
        await frames.return(undefined)
      },
    },
    // Nothing is made ahead of the reader: its pace is the upstream's.
    { highWaterMark: 0 },
  )
  return new Response(stream, { headers: { 'content-type': encoder.contentType, 'cache-control': 'no-cache' } })
}

/** Only what this face itself relies on; the provider knows what else it needs. */
function readRequest(text: string): ChatCompletionRequest {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw new DragomanError('invalid_request', 'The request body is not JSON', { cause })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new DragomanError('invalid_request', 'The request body is not a JSON object')
  }
  if (!('model' in body) || typeof body.model !== 'string') {
    throw new DragomanError('invalid_request', 'model: expected a string', { param: 'model' })
  }
  if (!('messages' in body) || !Array.isArray(body.messages) || body.messages.length === 0) {
    throw new DragomanError('invalid_request', 'messages: expected at least one message', { param: 'messages' })
  }
  for (const [i, message] of body.messages.entries()) {
    const param = `messages[${i}]`
    if (!isRecord(message)) throw new DragomanError('invalid_request', `${param}: expected an object`, { param })
    const parts: unknown = 'content' in message ? message.content : undefined
    if (Array.isArray(parts) && !parts.every(isRecord)) {
      throw new DragomanError('invalid_request', `${param}.content: expected objects`, { param: `${param}.content` })
    }
  }
  if ('stream' in body && typeof body.stream !== 'boolean' && body.stream !== null && body.stream !== undefined) {
    throw new DragomanError('invalid_request', 'stream: expected true or false', { param: 'stream' })
  }
  return body as ChatCompletionRequest // the fields that this package reads have just been checked
}

function answerModels(models: readonly Model[], encodedId: string | undefined): Response {
  if (encodedId === undefined) return Response.json({ object: 'list', data: models })
  const id = decode(encodedId)
  const model = models.find((candidate) => candidate.id === id)
  if (!model) throw new DragomanError('model_not_found', `There is no model ${id}`, { param: 'model' })
  return Response.json(model)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new DragomanError('invalid_request', 'The path cannot be decoded', { cause })
  }
}
