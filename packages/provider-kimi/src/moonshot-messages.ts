import type { Call, DragomanError, RelayedAnswer, RelayRequest } from '@dragoman/core'
import { eventPieces, type HttpClient, isEventStream, readJsonBytes } from '@dragoman/upstream'
import { isRecord } from './fields.ts'

/** A request in Anthropic's dialect, at the part of the platform that speaks it. */
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
  const errorFrom = (json: unknown): DragomanError => response.errorFrom(json)
  if (isStreamed && isEventStream(response)) {
    const pieces = eventPieces(response, {
      // Nearly no event holds the word, and a text that quotes it is no reason to stop.
      isEnd: (data) => data.includes('message_stop') && typeOf(data) === 'message_stop',
      errorFrom: ({ event, data }) => (event === 'error' ? errorFrom(parse(data)) : undefined),
    })
    return { kind: 'events', pieces, errorFrom }
  }
  return { kind: 'whole', ...(await readJsonBytes(response)) }
}

function typeOf(data: string): unknown {
  const json = parse(data)
  return isRecord(json) ? json.type : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what is no JSON has no type, and is an error without words
  }
}
