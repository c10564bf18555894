import { isAscii } from 'node:buffer'
import { asBuffer } from './as-buffer.ts'

/** Whoever reads a stream through `PlainEvents`. */
export interface PlainEventsReader {
  /** Called with the data of each event; whether the stream ends with it. */
  isEnd(data: string, event?: string): boolean
  /** Whether an event that has a name is for the parser. Without it all of them are. */
  isOdd?: ((event: { event: string; data: string }) => boolean) | undefined
  /** Whole events, or comments only. */
  pass(piece: Uint8Array, hasEvent: boolean): void
  /** The event that ends the stream has passed. */
  finish(): void
}

const FIELD = 'data: '
const NAME = 'event: '
const COLON = 0x3a
const LINE_FEED = 0x0a

// Instead of the place where a line ends.
const PARTIAL = -1
const ODD = -2
const END = -3

/**
 * Cuts a stream of events into pieces of whole ones without parsing it, as long as each is of the form that services
 * use: `data: `, one line, a blank line; a line `event: ` before it, if the reader knows names; comments between them.
 * The pieces are views of what came; what follows the last blank line is kept. Where anything else begins it stops: that
 * is for a parser, and so is an event above the limit.
 */
export class PlainEvents {
  readonly #reader: PlainEventsReader
  readonly #maxEventBytes: number
  /** The beginning of an event. */
  #kept: Uint8Array[] = []
  #keptBytes = 0

  constructor(reader: PlainEventsReader, maxEventBytes: number) {
    this.#reader = reader
    this.#maxEventBytes = maxEventBytes
  }

  /** Passes whole events on. Gives back what it cannot read, from there on, and is asked no more then. */
  take(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = asBuffer(chunk)
    if (this.#kept.length === 0) return this.#scan(bytes)
    this.#keep(bytes)
    // Joined once it has an end, not with every read: a long line would be copied again and again.
    return bytes.includes('\n') || bytes.includes('\r') ? this.#scan(this.rest()) : this.#bound()
  }

  /** What is kept, and is not any longer. */
  rest(): Buffer {
    const bytes = Buffer.concat(this.#kept, this.#keptBytes)
    this.#kept = []
    this.#keptBytes = 0
    return bytes
  }

  #scan(bytes: Buffer): Uint8Array | undefined {
    // One character for each byte, so that a place in the text is the place in the bytes.
    const text = bytes.toString('latin1')
    const isText = isAscii(bytes)
    const returnAt = text.indexOf('\r')
    const textOf = (from: number, to: number) => (isText ? text.slice(from, to) : bytes.toString('utf8', from, to))
    let hasEvent = false
    let at = 0
    let lineEnd = 0
    for (;;) {
      const lineAt = this.#afterName(text, at, returnAt)
      lineEnd = lineAt < 0 ? lineAt : lineEndOf(text, lineAt, returnAt)
      if (lineEnd - at - FIELD.length > this.#maxEventBytes) lineEnd = ODD
      if (lineEnd < 0) break
      if (text.charCodeAt(lineAt) !== COLON) {
        const data = textOf(lineAt + FIELD.length, lineEnd)
        const name = lineAt > at ? textOf(at + NAME.length, lineAt - 1) : undefined
        if (name !== undefined && this.#reader.isOdd?.({ event: name, data })) {
          lineEnd = ODD
          break
        }
        hasEvent = true
        if (this.#reader.isEnd(data, name)) {
          at = lineEnd + 2
          lineEnd = END
          break
        }
      } else if (lineAt > at) {
        lineEnd = ODD // a comment within an event
        break
      }
      at = lineEnd + 2
    }
    if (at > 0) this.#reader.pass(at === bytes.length ? bytes : bytes.subarray(0, at), hasEvent)
    if (lineEnd === ODD) return bytes.subarray(at)
    if (lineEnd === END) this.#reader.finish()
    else if (at < bytes.length) {
      this.#keep(bytes.subarray(at))
      return this.#bound()
    }
    return undefined
  }

  /** Where the line after the name of an event begins, which is `at` for one without a name. */
  #afterName(text: string, at: number, returnAt: number): number {
    if (!this.#reader.isOdd || text[at] !== 'e') return at
    if (!text.startsWith(NAME, at)) return NAME.startsWith(text.slice(at, at + NAME.length)) ? PARTIAL : ODD
    const nameEnd = text.indexOf('\n', at)
    if (returnAt >= 0 && (nameEnd < 0 || returnAt < nameEnd)) return ODD
    if (nameEnd < 0) return PARTIAL
    return nameEnd > at + NAME.length ? nameEnd + 1 : ODD
  }

  #keep(bytes: Buffer): void {
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
  }

  #bound(): Uint8Array | undefined {
    // Less the line end that may be there.
    return this.#keptBytes - FIELD.length - 1 > this.#maxEventBytes ? this.rest() : undefined
  }
}

/** Where the line at `at` ends, if it is an event or a comment and its blank line is there too. */
function lineEndOf(text: string, at: number, returnAt: number): number {
  if (!text.startsWith(FIELD, at) && text.charCodeAt(at) !== COLON) {
    return FIELD.startsWith(text.slice(at, at + FIELD.length)) ? PARTIAL : ODD
  }
  const lineEnd = text.indexOf('\n', at)
  if (returnAt >= 0 && (lineEnd < 0 || returnAt < lineEnd)) return ODD
  if (lineEnd < 0 || lineEnd + 1 === text.length) return PARTIAL
  return text.charCodeAt(lineEnd + 1) === LINE_FEED ? lineEnd : ODD
}
