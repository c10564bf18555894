import { DragomanError, toDragomanError } from '@dragoman/core'
import { createParser, type EventSourceParser } from 'eventsource-parser'
import { isErrorBody, readErrorBody } from './error-body.ts'
import { type HttpResponse, parseJson } from './http-response.ts'
import { inBytes, inSeconds } from './limits.ts'
import type { PlainEvents } from './plain-events.ts'
import type { PullQueue } from './pull-queue.ts'
import type { BodySink } from './response-body.ts'

/** What `decode` answers to the event that ends a stream, such as `[DONE]`. */
export const END = Symbol('the stream is complete')

/** One server-sent event. */
export interface StreamEvent {
  event?: string
  data: string
}

/** What is made of each event. */
export type Decode<T> = (event: StreamEvent) => Iterable<T> | typeof END

// What the longest field name and its separators add to a value in the parser's buffer.
const LINE_OVERHEAD = 64

// How many times the idle limit bytes without an event keep a stream alive.
const MAX_QUIET_IDLES = 5

const BEGINNING_CHARACTERS = 64 * 1024

/** What reads events of any framing. */
interface TextParser {
  readonly utf8: InstanceType<typeof TextDecoder>
  readonly events: EventSourceParser
}

/** Bytes in, decoded events out, all in the turn in which the socket delivers them. */
export class EventReader<T> implements BodySink {
  readonly #response: HttpResponse
  readonly #decode: Decode<T>
  readonly #queue: PullQueue<T>
  readonly #atEnd: (() => Iterable<T>) | undefined
  /** Made when something comes that is not plain. */
  #parser: TextParser | undefined
  /** Stands before the parser as long as that is not needed. */
  #plain: PlainEvents | undefined
  #isOver = false
  /** What came so far, while it may still turn out to be no event stream. */
  #beginning: string | undefined = ''
  #hasEvent = false
  #lastEventAt: number

  constructor(response: HttpResponse, decode: Decode<T>, queue: PullQueue<T>, atEnd?: () => Iterable<T>) {
    this.#response = response
    this.#decode = decode
    this.#queue = queue
    this.#atEnd = atEnd
    this.#lastEventAt = response.call.clock.elapsed()
  }

  /** Lets pass what is in the plain form, until something is not. */
  skim(plain: PlainEvents): void {
    this.#plain = plain
  }

  /** Something of that went past the parser. */
  passed(hasEvent: boolean): void {
    if (hasEvent) this.#hasEvent = true
    this.#beginning = undefined
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#hasEvent = false
    const unread = this.#plain ? this.#plain.take(chunk) : chunk
    if (unread) {
      this.#plain = undefined
      this.#feed(this.#parse.utf8.decode(unread, { stream: true }), false)
    }
    const { clock, limits } = this.#response.call
    const now = clock.elapsed()
    if (this.#hasEvent) this.#lastEventAt = now
    else if (now - this.#lastEventAt >= MAX_QUIET_IDLES * limits.idleMs) {
      const quiet = inSeconds(MAX_QUIET_IDLES * limits.idleMs)
      this.#refuse('upstream_timeout', `sent no event for ${quiet} (${MAX_QUIET_IDLES} times limits.idleMs)`)
    }
  }

  /** What nobody read meanwhile says nothing about the upstream. */
  resumed(): void {
    this.#lastEventAt = this.#response.call.clock.elapsed()
  }

  end(): void {
    if (this.#isOver) return
    const unread = this.#plain?.rest()
    // The line break and blank line that some servers leave out after their last event.
    if (!this.#plain || unread?.length) this.#feed(`${this.#parse.utf8.decode(unread)}\n\n`, true)
    if (this.#isOver) return
    this.#isOver = true
    this.#close()
  }

  fail(error: DragomanError, discard: boolean): void {
    this.#isOver = true
    this.#queue.fail(error, discard)
  }

  #feed(text: string, isLast: boolean): void {
    if (this.#beginning !== undefined) this.#suspect(text, isLast)
    if (!this.#isOver) this.#parse.events.feed(text)
  }

  get #parse(): TextParser {
    this.#parser ??= {
      utf8: new TextDecoder(),
      events: createParser({
        // Counts characters, and not those of an event that comes in one piece: #take counts the bytes of whole events.
        maxBufferSize: this.#response.call.limits.maxEventBytes + LINE_OVERHEAD,
        onEvent: ({ event, data }) => this.take(event, data),
        onError: (error) => {
          if (error.type === 'max-buffer-size-exceeded') this.#refuseLength()
        },
      }),
    }
    return this.#parser
  }

  /** True when it was the last one. */
  take(event: string | undefined, data: string): boolean {
    if (!this.#isOver) this.#take(event, data)
    return this.#isOver
  }

  #take(event: string | undefined, data: string): void {
    this.#hasEvent = true
    this.#beginning = undefined
    if (isLongerThan(data, this.#response.call.limits.maxEventBytes)) {
      this.#refuseLength()
      return
    }
    try {
      const items = this.#decode(event === undefined ? { data } : { event, data })
      if (items === END) {
        this.finish()
        return
      }
      let bytes = data.length
      for (const item of items) {
        this.#queue.push(item, bytes)
        bytes = 0
      }
    } catch (error) {
      this.#abandon(toDragomanError(error))
    }
  }

  /** A body that begins like JSON or a page is an error that nobody framed, or an answer that is not streamed. */
  #suspect(text: string, isLast: boolean): void {
    const beginning = ((this.#beginning ?? '') + text).replace(/^[\s\uFEFF]+/, '')
    this.#beginning = beginning
    if (beginning === '') return
    if (!/^[{[<]/.test(beginning)) {
      this.#beginning = undefined
      return
    }
    const error = this.#readImpostor(beginning, isLast || beginning.length >= BEGINNING_CHARACTERS)
    if (error) this.#abandon(error)
  }

  #readImpostor(text: string, isWhole: boolean): DragomanError | undefined {
    const mayBeWholeJson = /[}\]]\s*$/.test(text.slice(-8))
    const json = mayBeWholeJson ? parseJson(text) : undefined
    if (json === undefined) return isWhole ? this.#response.call.errorFromText(text) : undefined
    const { message, status } = readErrorBody(json)
    if (isErrorBody(json) || message !== undefined || status !== undefined) return this.#response.errorFrom(json)
    return this.#errorOf('upstream_protocol', 'answered with JSON where a stream of events was asked for')
  }

  finish(): void {
    this.#isOver = true
    this.#response.body.finish()
    this.#close()
  }

  #close(): void {
    try {
      if (this.#atEnd) for (const item of this.#atEnd()) this.#queue.push(item, 0)
      this.#queue.end()
    } catch (error) {
      this.#queue.fail(toDragomanError(error))
    }
  }

  #refuseLength(): void {
    const limit = inBytes(this.#response.call.limits.maxEventBytes)
    this.#refuse('upstream_protocol', `sent an event of more than ${limit} (limits.maxEventBytes)`)
  }

  #refuse(code: 'upstream_protocol' | 'upstream_timeout', what: string): void {
    if (!this.#isOver) this.#abandon(this.#errorOf(code, what))
  }

  #errorOf(code: 'upstream_protocol' | 'upstream_timeout', what: string): DragomanError {
    return new DragomanError(code, `${this.#response.call.provider} ${what}`, { origin: 'upstream' })
  }

  /** The reader gets the items so far and then the error; the socket is closed now. */
  #abandon(error: DragomanError): void {
    this.#isOver = true
    this.#response.body.release()
    this.#queue.fail(error)
  }
}

/** In bytes of UTF-8, of which a character of a string makes three at most. */
function isLongerThan(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes)
}
