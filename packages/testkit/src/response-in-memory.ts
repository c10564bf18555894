import { type Clock, type DragomanError, systemClock } from '@dragoman/core'

interface Sink {
  data(piece: Uint8Array): void
  end(): void
}

interface ResponseInMemory<Limits> {
  readonly status: number
  readonly headers: Headers
  readonly contentType: string
  readonly call: {
    readonly provider: string
    readonly limits: Limits
    readonly clock: Clock
    errorFromText(text: string): DragomanError
  }
  errorFrom(json: unknown): DragomanError
  readonly body: AsyncIterable<Uint8Array, undefined> & {
    attach(sink: Sink): void
    finish(): void
    pause(): void
    resume(): void
    release(): void
  }
}

/**
 * A streamed response as `@dragoman/upstream` gives it, with its body in memory: for decoders that are fed cut by cut.
 *
 * @param limits those of upstream, which this package does not know
 */
export function responseInMemory<Limits>(
  pieces: readonly Uint8Array[],
  service: { provider: string; limits: Limits; errorFrom(json: unknown, text: string): DragomanError },
): ResponseInMemory<Limits> {
  const { provider, limits, errorFrom } = service
  return {
    status: 200,
    headers: new Headers(),
    contentType: 'text/event-stream',
    call: { provider, limits, clock: systemClock, errorFromText: (text: string) => errorFrom(undefined, text) },
    errorFrom: (json: unknown) => errorFrom(json, ''),
    body: {
      attach(sink: Sink) {
        for (const piece of pieces) sink.data(piece)
        sink.end()
      },
      finish() {},
      pause() {},
      resume() {},
      release() {},
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
        yield* pieces
        return undefined
      },
    },
  }
}
