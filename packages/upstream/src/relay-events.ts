import type { Call, DragomanError, RelayedAnswer, RelayRequest } from '@dragoman/core'
import { type DialectEvents, type EventFields, isObject } from './dialect-events.ts'
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
export interface EventDialect extends DialectEvents {
  /** What stands in the data of the event that ends an answer, and in that of hardly any other. */
  readonly endMark: RegExp
  /** The names of events that report an error. */
  readonly errorNames: readonly string[]
}

/**
 * A request in such a dialect at a service that speaks it: the client's bytes go on as they are, and the answer comes as
 * its bytes, events with their names. An event that reports an error is thrown, and so is a whole answer that does.
 */
export async function relayEvents(
  http: HttpClient,
  { body, isStreamed }: RelayRequest,
  { call, path, headers, mapError }: RelayOptions,
  { endMark, isEnd, errorIn, errorNames }: EventDialect,
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
      isEnd: (data) => endMark.test(data) && isEnd(fieldsOf(data)),
      errorFrom({ event, data }) {
        if (event === undefined || !errorNames.includes(event)) return undefined
        return errorFrom(errorIn(fieldsOf(data)) ?? parseJson(data))
      },
    })
    return { kind: 'events', pieces, errorFrom }
  }
  return { kind: 'whole', ...(await readJsonBytes(response)) }
}

function fieldsOf(data: string): EventFields {
  const json = parseJson(data)
  return isObject(json) ? json : {}
}
