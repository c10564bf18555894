/** Told what an HTTP/1.1 message holds, as it comes. */
export interface MessageSink {
  /** The first line and the header lines, up to the empty one. */
  head(text: string): void
  data(bytes: Buffer): void
  end(): void
}

const MAX_HEAD = 64 * 1024
const EMPTY_LINE = Buffer.from('\r\n\r\n')
const LF = 10

/**
 * Reads the messages of one connection, one after the other, with as little work as checking them allows: the client
 * shares its core with the upstream. Knows `content-length` and chunked bodies; a message with neither has no body.
 */
export class MessageReader {
  readonly #sink: MessageSink
  #state: 'head' | 'counted' | 'size' | 'chunk' | 'after-chunk' | 'trailers' = 'head'
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0
  /** The beginning of a line that has not come whole. */
  #rest: Buffer | undefined

  constructor(sink: MessageSink) {
    this.#sink = sink
  }

  /** Whether the last message has come to its end and nothing stands after it. */
  get isAtEnd(): boolean {
    return this.#state === 'head' && this.#rest === undefined
  }

  /** Throws where the bytes are no HTTP. */
  push(bytes: Buffer): void {
    const buffer = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes
    this.#rest = undefined
    let at = 0
    while (at < buffer.length) {
      const next = this.#step(buffer, at)
      if (next < 0) {
        if (buffer.length - at > MAX_HEAD) throw new Error('no end of the head or of a line')
        this.#rest = buffer.subarray(at)
        return
      }
      at = next
    }
  }

  /** Returns where to go on, or -1 where more has to come first. */
  #step(buffer: Buffer, at: number): number {
    switch (this.#state) {
      case 'head': {
        const end = buffer.indexOf(EMPTY_LINE, at)
        if (end < 0) return -1
        this.#begin(buffer.toString('latin1', at, end))
        return end + 4
      }
      case 'counted':
      case 'chunk': {
        const end = Math.min(buffer.length, at + this.#left)
        this.#left -= end - at
        this.#sink.data(buffer.subarray(at, end))
        if (this.#left === 0) {
          if (this.#state === 'chunk') this.#state = 'after-chunk'
          else this.#end()
        }
        return end
      }
      case 'after-chunk': {
        if (buffer.length < at + 2) return -1
        if (buffer[at] !== 13 || buffer[at + 1] !== LF) throw new Error('a chunk is longer than it says')
        this.#state = 'size'
        return at + 2
      }
      case 'size': {
        const end = buffer.indexOf(LF, at)
        if (end < 0) return -1
        this.#left = Number.parseInt(buffer.toString('latin1', at, end), 16)
        if (Number.isNaN(this.#left)) throw new Error('a chunk has no size')
        this.#state = this.#left === 0 ? 'trailers' : 'chunk'
        return end + 1
      }
      case 'trailers': {
        const end = buffer.indexOf(LF, at)
        if (end < 0) return -1
        if (end <= at + 1) this.#end()
        return end + 1
      }
    }
  }

  #begin(head: string): void {
    this.#sink.head(head)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length !== undefined) {
      this.#left = Number(length)
      this.#state = 'counted'
      if (this.#left === 0) this.#end()
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = 'size'
    else this.#end()
  }

  #end(): void {
    this.#state = 'head'
    this.#sink.end()
  }
}
