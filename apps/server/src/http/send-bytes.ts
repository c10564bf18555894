import type { ServerResponse } from 'node:http'
import { type AnswerItem, type CallerSignal, errorBody, toDragomanError } from '@dragoman/core'
import { exchangeOf } from './exchange.ts'

/** Bytes of an upstream and what they are. */
export interface ByteAnswer {
  readonly contentType: string
  readonly pieces: AsyncIterable<AnswerItem>
}

const cacheControl = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }

/**
 * Writes audio, plain text or events as they come. The head leaves with the first bytes; when the client reads slowly
 * nothing further is asked for, and when it leaves the pieces are told so by their own signal.
 *
 * An answer that breaks off must not look whole: events end with an error frame, in the form of chats; of everything
 * else the connection is cut.
 */
export async function sendBytes(
  response: ServerResponse,
  { contentType, pieces }: ByteAnswer,
  signal: CallerSignal,
): Promise<void> {
  const isEvents = /^text\/event-stream\b/i.test(contentType)
  const head = () => {
    if (response.headersSent) return
    // A browser must not find a page in what an upstream calls audio.
    response.writeHead(200, {
      'content-type': contentType,
      'x-content-type-options': 'nosniff',
      ...(isEvents && cacheControl),
    })
  }
  try {
    for await (const piece of pieces) {
      if (!(piece instanceof Uint8Array)) continue // there is no other thing in bytes
      head()
      if (!response.write(piece)) await drained(response)
    }
  } catch (cause) {
    const error = toDragomanError(cause, signal)
    if (!response.headersSent) throw error
    exchangeOf(response).error = error
    if (isEvents && error.scope !== 'aborted') response.end(`data: ${JSON.stringify(errorBody(error))}\n\n`)
    else response.destroy()
    return
  }
  head()
  response.end()
}

/** The client has read on, or has left. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      response.off('drain', goOn).off('close', goOn)
      resolve()
    }
    response.on('drain', goOn).on('close', goOn)
    if (response.destroyed) goOn()
  })
}
