import { once } from 'node:events'
import type { Response } from 'express'

/**
 * Writes frames as they come. The head leaves with the first one; frames that are ready in one turn of the event loop
 * leave in one write; when the client reads slowly, no further frame is asked for.
 */
export async function sendStream(
  response: Response,
  frames: AsyncIterable<string>,
  contentType: string,
  signal: AbortSignal,
): Promise<void> {
  let waiting = ''
  let isFull = false
  const flush = () => {
    if (waiting === '' || response.destroyed) return
    isFull = !response.write(waiting)
    waiting = ''
  }
  for await (const frame of frames) {
    if (!response.headersSent) {
      response.writeHead(200, {
        'content-type': contentType,
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      })
    }
    // The tick's queue runs after all promises that are ready: by then every frame of this turn is here.
    if (waiting === '') process.nextTick(flush)
    waiting += frame
    if (isFull) {
      flush()
      await once(response, 'drain', { signal }).catch(() => {
        // The client left: the frames end for the same reason.
      })
      isFull = false
    }
  }
  flush()
  response.end()
}
