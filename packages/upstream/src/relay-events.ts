import type { Call, DragomanError, RelayedAnswer, RelayRequest } from '@dragoman/core'
import { eventPieces, isEventStream } from './event-stream.ts'
import type { HttpClient, RequestOptions } from './http-client.ts'
import { parseJson } from './http-response.ts'
import { readJsonBytes } from './read-body.ts'

export interface RelayOptions extends Pick<RequestOptions, 'mapError'> {
  readonly call: Call
  /** Where the service speaks the dialect: `/v1/messages`. */
  readonly path: string
  /** With the key. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A dialect whose events have names, and their types in their data too. */
export interface EventDialect {
  /** What stands in the data of the event that ends an answer, and in that of hardly any other. */
  readonly endMark: RegExp
  /** Whether an event of this type ends an answer. */
  isEnd(type: unknown): boolean
}

/**
 * A request in such a dialect at a service that speaks it: the client's bytes go on as they are, and the answer comes as
 * its bytes, events with their names. An event that is called `error` is thrown, and so is a whole answer that is one.
 */
export async function relayEvents(
  http: HttpClient,
  { body, isStreamed }: RelayRequest,
  { call, path, headers, mapError }: RelayOptions,
  { endMark, isEnd }: EventDialect,
): Promise<RelayedAnswer> {
  const response = await http.post(path, {
    body: Buffer.from(body),
    call,
    accept: isStreamed ? 'text/event-stream' : 'application/json',
    headers,
    mapError,
  })
  const errorFrom = (json: unknown): DragomanError => response.errorFrom(json)
  if (isStreamed && isEventStream(response)) {
    const pieces = eventPieces(response, {
      keepsNames: true,
      // A text that quotes the mark is no reason to stop.
      isEnd: (data) => endMark.test(data) && isEnd(typeOf(data)),
      errorFrom: ({ event, data }) => (event === 'error' ? errorFrom(parseJson(data)) : undefined),
    })
    return { kind: 'events', pieces, errorFrom }
  }
  return { kind: 'whole', ...(await readJsonBytes(response)) }
}

function typeOf(data: string): unknown {
  const json = parseJson(data)
  return typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
}
