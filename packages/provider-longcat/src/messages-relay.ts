import type { Call, DragomanError, RelayedAnswer, RelayRequest } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { eventPieces, type HttpClient, isEventStream, readJsonBytes, type StreamEvent } from '@dragoman/upstream'
import { namedModel, speaksMessages } from './model-names.ts'
import { refusal } from './text-only.ts'

/** Why a request in Anthropic's dialect cannot go on as it is. */
export function messagesObstacle(request: ChatCompletionRequest): string | undefined {
  const { model } = namedModel(request.model)
  if (model !== request.model) return `the model is sent as ${model}`
  if (!speaksMessages(model)) return 'the model does not speak this dialect'
  return refusal(request) ? 'the service takes text only' : undefined
}

/** The client's Messages request as it came. Wants the key as a bearer token: whether `x-api-key` works is not known. */
export async function relayMessages(
  http: HttpClient,
  { body, isStreamed }: RelayRequest,
  call: Call,
): Promise<RelayedAnswer> {
  const response = await http.post('/anthropic/v1/messages', {
    body: Buffer.from(body),
    call,
    accept: isStreamed ? 'text/event-stream' : 'application/json',
    headers: {
      authorization: `Bearer ${call.credential.values.apiKey?.reveal() ?? ''}`,
      'anthropic-version': '2023-06-01',
    },
  })
  const errorFrom = (json: unknown) => response.errorFrom(json)
  if (isStreamed && isEventStream(response)) {
    const pieces = eventPieces(response, { isEnd, errorFrom: (event) => reported(event, errorFrom) })
    return { kind: 'events', pieces, errorFrom }
  }
  return { kind: 'whole', ...(await readJsonBytes(response)) }
}

function isEnd(data: string): boolean {
  // Nearly no event holds the word, and a text that quotes it is no reason to stop.
  return data.includes('message_stop') && typeOf(data) === 'message_stop'
}

function reported(
  { event, data }: StreamEvent,
  errorFrom: (json: unknown) => DragomanError,
): DragomanError | undefined {
  return event === 'error' ? errorFrom(parse(data)) : undefined
}

function typeOf(data: string): unknown {
  const json = parse(data)
  return typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what is no JSON has no type, and is an error without words
  }
}
