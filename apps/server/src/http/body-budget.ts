import type { IncomingMessage, ServerResponse } from 'node:http'
import { DragomanError } from '@dragoman/core'
import { exchangeOf } from './exchange.ts'

export interface BodyLimits {
  /** One body, decoded. */
  readonly maxBodyBytes: number
  /** All bodies that are being read or held at once. */
  readonly maxBodiesBytes: number
}

export type HoldBytes = (bytes: number) => void

/** What bodies take of memory. One counts as held until its answer is over. */
export class BodyBudget {
  readonly limits: BodyLimits
  #heldBytes = 0

  constructor(limits: BodyLimits) {
    this.limits = limits
  }

  /**
   * For one body: called with the size of each piece of it. Throws where that is too much.
   *
   * @param what is held, for the error
   */
  holder(response: ServerResponse, what?: string): HoldBytes {
    const { maxBodyBytes, maxBodiesBytes } = this.limits
    let mine = 0
    exchangeOf(response).atEnd(() => {
      this.#heldBytes -= mine
    })
    return (bytes) => {
      mine += bytes
      this.#heldBytes += bytes
      if (mine > maxBodyBytes) throw tooLarge(this.limits, what)
      if (this.#heldBytes > maxBodiesBytes) {
        throw new DragomanError('overloaded', 'Too many large requests at once (limits.maxBodiesBytes)')
      }
    }
  }
}

export function tooLarge({ maxBodyBytes }: Pick<BodyLimits, 'maxBodyBytes'>, what = 'The body'): DragomanError {
  return new DragomanError('request_too_large', `${what} is larger than ${maxBodyBytes} bytes (limits.maxBodyBytes)`)
}

/**
 * How long, and how much, a client may go on sending of a body that has been refused already, before its connection is
 * cut: many look at the answer only when they have sent everything.
 */
const lingerMs = 2_000
const lingerBytes = 32 * 1024 * 1024

/** What still comes goes nowhere for a while, so that the client reads its answer instead of a reset. */
export function linger(request: IncomingMessage, response: ServerResponse): void {
  let allowed = lingerBytes
  request.unpipe()
  request.on('data', (piece: Buffer) => {
    allowed -= piece.length
    if (allowed < 0) request.pause()
  })
  request.resume()
  // Not by `connection: close`: with that, Node cuts the connection as soon as the answer is out.
  response.once('finish', () => {
    const timer = setTimeout(() => request.destroy(), lingerMs)
    request.once('close', () => clearTimeout(timer))
  })
}
