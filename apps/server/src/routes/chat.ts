import type { ServerResponse } from 'node:http'
import { type CallerSignal, chatEncoder, DragomanError } from '@dragoman/core'
import type { Answer, Gateway } from '@dragoman/gateway'
import { type ChatCompletionRequest, chatCompletionRequest, validate } from '@dragoman/openai-schema'
import { exchangeOf, type OpenRequests } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import type { bodyReader } from '../http/read-json.ts'
import { sendJson, sendJsonBytes } from '../http/send-json.ts'
import { sendStream } from '../http/send-stream.ts'
import { contextOf, tellRoute } from './chat-answer.ts'

/** `POST /v1/chat/completions`. */
export function chat(gateway: Gateway, open: OpenRequests, readJson: ReturnType<typeof bodyReader>): Handler {
  return async (request, response) => {
    const exchange = exchangeOf(response)
    const signal = open.signal(response)
    const { value, text } = await readJson(request, response)
    const body = readRequest(value)
    const context = { ...contextOf(request, response, signal), body: text }
    exchange.isRecorded = true
    const answer = await gateway.chat(body, context)
    tellRoute(response, answer.route, body.model)
    return send(response, answer, body, signal)
  }
}

function readRequest(body: unknown): ChatCompletionRequest {
  const checked = validate(chatCompletionRequest, body)
  if (checked.ok) return checked.value
  const { param, message, code } = checked.issue
  throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
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
