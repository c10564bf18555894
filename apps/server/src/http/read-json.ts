import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { DragomanError } from '@dragoman/core'
import type { Request, Response } from 'express'
import { header } from './exchange.ts'

export interface BodyLimits {
  /** One body, decoded. */
  readonly maxBodyBytes: number
  /** All bodies that are being read or held at once. */
  readonly maxBodiesBytes: number
}

const maxDepth = 256
const maxKeys = 100_000

const decoders: Readonly<Record<string, () => Readable & NodeJS.WritableStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/** How long a client may go on sending a body that has been refused already, before its connection is cut. */
const lingerMs = 2_000

/** Reads JSON bodies within limits. A body counts as held until its answer is over. */
export function bodyReader(limits: BodyLimits) {
  let heldBytes = 0

  return async function readJson(request: Request, response: Response): Promise<unknown> {
    const type = header(request.headers, 'content-type') ?? ''
    const charset = /charset="?([^";]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
    if (/^multipart\//i.test(type) || !/^utf-?8$/.test(charset)) {
      throw new DragomanError('unsupported_media_type', `Expected application/json in UTF-8, found ${type}`)
    }
    let mine = 0
    response.once('close', () => {
      heldBytes -= mine
    })
    const hold = (bytes: number) => {
      mine += bytes
      heldBytes += bytes
      if (mine > limits.maxBodyBytes) throw tooLarge(limits)
      if (heldBytes > limits.maxBodiesBytes) {
        throw new DragomanError('overloaded', 'Too many large requests at once (limits.maxBodiesBytes)')
      }
    }
    try {
      if (Number(header(request.headers, 'content-length') ?? 0) > limits.maxBodyBytes) throw tooLarge(limits)
      const body = parse(await readBytes(decoded(request), hold), type)
      checkShape(body)
      return body
    } catch (error) {
      if (!request.complete) linger(request, response)
      throw error
    }
  }
}

/** What still comes goes nowhere for a while, so that the client reads its answer instead of a reset. */
function linger(request: Request, response: Response): void {
  request.unpipe()
  request.resume()
  // Not by `connection: close`: with that, Node cuts the connection as soon as the answer is out.
  response.once('finish', () => {
    const timer = setTimeout(() => request.destroy(), lingerMs)
    request.once('close', () => clearTimeout(timer))
  })
}

function tooLarge({ maxBodyBytes }: BodyLimits): DragomanError {
  return new DragomanError('request_too_large', `The body is larger than ${maxBodyBytes} bytes (limits.maxBodyBytes)`)
}

function decoded(request: IncomingMessage): Readable {
  const name = (header(request.headers, 'content-encoding') ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return request
  // One coding, as clients send it: a list of thousands would be as many decoders.
  const decoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined
  if (!decoder) throw new DragomanError('unsupported_media_type', `Content-Encoding ${name.slice(0, 40)} is not known`)
  const body = request.pipe(decoder())
  request.once('error', (error) => body.destroy(error))
  request.once('aborted', () => body.destroy())
  return body
}

function readBytes(body: Readable, hold: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const fail = (error: unknown) => {
      body.removeAllListeners('data')
      // A decoder has no more to do; the request itself is let run out.
      if (!(body instanceof IncomingMessage)) body.destroy()
      reject(error)
    }
    body.on('data', (piece: Buffer) => {
      try {
        hold(piece.length)
        pieces.push(piece)
      } catch (error) {
        fail(error)
      }
    })
    body.once('end', () => resolve(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)))
    body.once('error', (cause) =>
      fail(new DragomanError('invalid_request', 'The body could not be read or decoded', { cause })),
    )
    body.once('close', () => fail(new DragomanError('aborted', 'The caller left')))
  })
}

function parse(bytes: Buffer, type: string): unknown {
  if (bytes.length === 0) throw new DragomanError('invalid_request', 'The request body is empty, expected JSON')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    // A body that is no JSON and was not said to be: the header is what has to change.
    const isSaidToBeJson = type === '' || /[/+]json\b/i.test(type)
    const code = isSaidToBeJson ? 'invalid_request' : 'unsupported_media_type'
    throw new DragomanError(code, 'The request body is not JSON (in UTF-8, with content-type application/json)', {
      cause,
    })
  }
}

/** Later steps walk and write the body: they are not to be made to overflow or crawl by one that only looks like JSON. */
function checkShape(body: unknown): void {
  let keys = 0
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return
    if (depth > maxDepth) throw new DragomanError('invalid_request', `The body is nested more than ${maxDepth} deep`)
    if (Array.isArray(value)) {
      for (const item of value) walk(item, depth + 1)
      return
    }
    for (const key in value) {
      if (++keys > maxKeys) throw new DragomanError('invalid_request', `The body has more than ${maxKeys} keys`)
      walk((value as Record<string, unknown>)[key], depth + 1)
    }
  }
  walk(body, 1)
}
