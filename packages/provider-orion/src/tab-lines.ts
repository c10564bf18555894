import type { BodySink, HttpResponse } from '@dragoman/upstream'

const TAG = Buffer.from('message\t')
const DATA = Buffer.from('data: ')
const LINE_FEED = 0x0a
const blankLine = Buffer.from('\n\n')

/**
 * The same response, in which lines of the form `message<TAB>{…}<TAB>` are events as well: each becomes `data: {…}<TAB>`
 * and a blank line. All other bytes pass as they come.
 */
export function withTabLines(response: HttpResponse): HttpResponse {
  const { status, contentType, call, body } = response
  return {
    status,
    contentType,
    // Nobody looks at them but for an error.
    get headers() {
      return response.headers
    },
    call,
    errorFrom: (json) => response.errorFrom(json),
    body: {
      attach: (sink) => body.attach(new TabLineSink(sink)),
      pause: () => body.pause(),
      resume: () => body.resume(),
      finish: () => body.finish(),
      release: () => body.release(),
      [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
    },
  }
}

class TabLineSink implements BodySink {
  readonly #sink: BodySink
  /** How much of the tag the line began with; undefined when it is another line. */
  #matched: number | undefined = 0

  constructor(sink: BodySink) {
    this.#sink = sink
  }

  data(chunk: Uint8Array): void {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < chunk.length; ) {
      if (this.#matched !== undefined && this.#matched < TAG.length) {
        if (chunk[at] === TAG[this.#matched]) {
          this.#matched++
          at++
          if (this.#matched === TAG.length) pieces.push(DATA)
          continue
        }
        pieces.push(TAG.subarray(0, this.#matched))
        this.#matched = undefined
      }
      const end = chunk.indexOf(LINE_FEED, at)
      pieces.push(chunk.subarray(at, end < 0 ? undefined : end))
      if (end < 0) break
      pieces.push(this.#matched === TAG.length ? blankLine : blankLine.subarray(1))
      this.#matched = 0
      at = end + 1
    }
    if (pieces.length > 0) this.#sink.data(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces))
  }

  end(): void {
    if (this.#matched !== undefined && this.#matched < TAG.length && this.#matched > 0) {
      this.#sink.data(TAG.subarray(0, this.#matched))
    }
    this.#sink.end()
  }

  fail(error: Parameters<BodySink['fail']>[0], discard: boolean): void {
    this.#sink.fail(error, discard)
  }
}
