import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CallerSignal, chatEncoder, DragomanError } from '@dragoman/core'
import type { Answer, Gateway, RouteInfo } from '@dragoman/gateway'
import { type ChatCompletionRequest, chatCompletionRequest, validate } from '@dragoman/openai-schema'
import { exchangeOf, header, headerValue, type OpenRequests } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import type { bodyReader } from '../http/read-json.ts'
import { sendJson, sendJsonBytes } from '../http/send-json.ts'
import { sendStream } from '../http/send-stream.ts'

/** `POST /v1/chat/completions`. */
export function chat(gateway: Gateway, open: OpenRequests, readJson: ReturnType<typeof bodyReader>): Handler {
  return async (request, response) => {
    const exchange = exchangeOf(response)
    const signal = open.signal(response)
    const { value, text } = await readJson(request, response)
    const body = readRequest(value)
    exchange.isRecorded = true
    const { client, id: requestId } = exchange
    const answer = await gateway.chat(body, { signal, client, session: session(request), requestId, body: text })
    tellRoute(response, answer.route, body)
    return send(response, answer, body, signal)
  }
}

/** What coding agents call the session that a request belongs to. */
function session({ headers }: IncomingMessage): string | undefined {
  return header(headers, 'session-id') ?? header(headers, 'x-claude-code-session-id')
}

function readRequest(body: unknown): ChatCompletionRequest {
  const checked = validate(chatCompletionRequest, body)
  if (checked.ok) return checked.value
  const { param, message, code } = checked.issue
  throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
}

function tellRoute(response: ServerResponse, route: RouteInfo | undefined, body: ChatCompletionRequest): void {
  response.setHeader('x-gateway-model', headerValue(route?.name ?? body.model))
  if (!route) return
  response.setHeader('x-gateway-provider', headerValue(route.provider))
  if (route.dropped.length > 0) response.setHeader('x-gateway-dropped', route.dropped.map(headerValue).join(', '))
}

function send(
  response: ServerResponse,
  answer: Answer,
  body: ChatCompletionRequest,
  signal: CallerSignal,
): Promise<void> | void {
  switch (answer.kind) {
    case 'completion':
      return sendJson(response, answer.completion)
    case 'bytes':
      return sendJsonBytes(response, answer.bytes)
    case 'chunks': {
      const includeUsage = body.stream_options?.include_usage === true
      return sendStream(response, answer.chunks, chatEncoder({ includeUsage }), signal)
    }
  }
}
