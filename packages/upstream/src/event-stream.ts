import type { DragomanError } from '@dragoman/core'
import { type Decode, END, EventReader, type StreamEvent } from './event-reader.ts'
import type { HttpResponse } from './http-response.ts'
import { PlainEvents, type PlainEventsReader } from './plain-events.ts'
import { PullQueue } from './pull-queue.ts'

/**
 * Whether the answer is a stream of events. Without a content type, or with one that means nothing, it is taken for
 * what was asked for; JSON is not: `readJson` it.
 */
export function isEventStream({ contentType }: HttpResponse): boolean {
  return ['text/event-stream', '', 'text/plain', 'application/octet-stream'].includes(contentType)
}

/**
 * What `decode` makes of each event, in order.
 *
 * `decode` runs as the bytes come in, before anybody asks: it must be quick, and what it throws ends the stream for the
 * reader after the items before it. After `END` nothing more is read. Then, or where the stream ends without it, come the
 * items of `atEnd`, which may throw too. Leaving the iterator closes the socket, a reader
 * that stops stops the socket too. A last event without its blank line counts if the connection ended properly. Throws
 * `upstream_timeout` when nothing but comments came for five times `limits.idleMs`, `upstream_protocol` for an event
 * above `limits.maxEventBytes`, and what a body means that is no event stream whatever its content type says.
 */
export function events<T>(
  response: HttpResponse,
  decode: Decode<T>,
  atEnd?: () => Iterable<T>,
): AsyncIterableIterator<T, undefined> {
  const { queue, reader } = readerOf(response, decode, atEnd)
  const plain = {
    isEnd: (data: string, event?: string) => reader.take(event, data),
    isOdd: () => false,
    pass: (_piece: Uint8Array, hasEvent: boolean) => reader.passed(hasEvent),
    finish() {},
  }
  reader.skim(new PlainEvents(plain, response.call.limits.maxEventBytes))
  response.body.attach(reader)
  return queue
}

export interface EventPiecesOptions {
  /** Whether an event of this data ends the stream. Quick: asked as the bytes come in. */
  isEnd(data: string): boolean
  /** Asked of each event that has a name: what it reports, if that is an error. */
  errorFrom?(event: StreamEvent): DragomanError | undefined
  /**
   * Whether a line `event: …` stays before the data of an event that has a name, for clients that tell events by it, as
   * those of Messages and Responses do. Default: names are left out.
   */
  keepsNames?: boolean
}

/**
 * The bytes of a stream as they came, cut so that each piece holds whole events, for whoever passes them on unread.
 *
 * Every event is in the form `data: …` and a blank line, all in line feeds, after its name where those are kept. That is
 * how services send them; from the first one on that is framed in another way they are read and framed anew, without
 * ids. Comments may stand between events, and alone in a piece. After the event that ends the stream nothing more is
 * read. Limits, errors and a last event without its blank line are as with `events`.
 */
export function eventPieces(
  response: HttpResponse,
  { isEnd, errorFrom, keepsNames }: EventPiecesOptions,
): AsyncIterableIterator<Uint8Array, undefined> {
  const { queue, reader } = readerOf<Uint8Array>(response, (event) => {
    const error = event.event === undefined ? undefined : errorFrom?.(event)
    if (error) throw error
    const name = keepsNames && event.event !== undefined ? `event: ${event.event}\n` : ''
    const bytes = Buffer.from(`${name}data: ${event.data.replaceAll('\n', '\ndata: ')}\n\n`)
    queue.push(bytes, bytes.length)
    return isEnd(event.data) ? END : []
  })
  const plain: PlainEventsReader = {
    isEnd,
    // Errors are thrown by who reads what is odd.
    isOdd: keepsNames ? (event) => errorFrom?.(event) !== undefined : undefined,
    pass(piece, hasEvent) {
      reader.passed(hasEvent)
      queue.push(piece, piece.length)
    },
    finish: () => reader.finish(),
  }
  reader.skim(new PlainEvents(plain, response.call.limits.maxEventBytes))
  response.body.attach(reader)
  return queue
}

function readerOf<T>(
  response: HttpResponse,
  decode: Decode<T>,
  atEnd?: () => Iterable<T>,
): { queue: PullQueue<T>; reader: EventReader<T> } {
  const { body } = response
  const queue = new PullQueue<T>({
    pause: () => body.pause(),
    resume() {
      reader.resumed()
      body.resume()
    },
    release: () => body.release(),
  })
  const reader = new EventReader(response, decode, queue, atEnd)
  return { queue, reader }
}
