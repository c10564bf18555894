import { systemClock } from '@dragoman/core'
import { defaultLimits, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'

/** A response of the site whose body is in memory. */
export function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const headers = new Headers()
  const provider = 'chat.qwen.ai'
  const errorFrom = (json: unknown, text = '') =>
    mapErrorResponse({ status: 200, headers, text, json }, { provider, now: 0 })
  return {
    status: 200,
    headers,
    contentType: 'text/event-stream',
    call: { provider, limits: defaultLimits, clock: systemClock, errorFromText: (text) => errorFrom(undefined, text) },
    errorFrom: (json) => errorFrom(json),
    body: {
      attach(sink) {
        for (const piece of pieces) sink.data(piece)
        sink.end()
      },
      finish() {},
      pause() {},
      resume() {},
      release() {},
      async *[Symbol.asyncIterator]() {
        yield* pieces
        return undefined
      },
    },
  }
}
