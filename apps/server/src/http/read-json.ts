import { isUtf8 } from 'node:buffer'
import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { DragomanError } from '@dragoman/core'
import { type BodyBudget, linger, tooLarge } from './body-budget.ts'
import { header } from './exchange.ts'
import { checkShape } from './json-shape.ts'
import { Pieces } from './pieces.ts'

export interface JsonBody {
  readonly value: unknown
  /** What `value` was parsed from. */
  readonly text: string
}

const decoders: Readonly<Record<string, () => Readable & NodeJS.WritableStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * Reads JSON bodies within limits. A body counts as held until its answer is over.
 *
 * @param check throws for a body that is not to be answered
 */
export function bodyReader(budget: BodyBudget, check?: (value: unknown) => void) {
  return async function readJson(request: IncomingMessage, response: ServerResponse): Promise<JsonBody> {
    const type = header(request.headers, 'content-type') ?? ''
    if (type !== 'application/json') checkType(type)
    const hold = budget.holder(response)
    try {
      if (Number(header(request.headers, 'content-length') ?? 0) > budget.limits.maxBodyBytes) {
        throw tooLarge(budget.limits)
      }
      const body = parse(withoutMark(await readBytes(decoded(request), hold)), type)
      check?.(body.value)
      return body
    } catch (error) {
      if (!request.complete) linger(request, response)
      throw error
    }
  }
}

function checkType(type: string): void {
  const charset = /charset="?([^";]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
  if (/^multipart\//i.test(type) || !/^utf-?8$/.test(charset)) {
    throw new DragomanError('unsupported_media_type', `Expected application/json in UTF-8, found ${type}`)
  }
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
    const pieces = new Pieces()
    let isOver = false
    const fail = (error: unknown) => {
      isOver = true
      pieces.clear() // the request holds its listeners, and with them these, for as long as its connection lasts
      // A decoder has no more to do; the request itself is let run out.
      if (!(body instanceof IncomingMessage)) body.destroy()
      reject(error)
    }
    body.on('data', (piece: Buffer) => {
      if (isOver) return
      try {
        hold(piece.length)
        pieces.add(piece)
      } catch (error) {
        fail(error)
      }
    })
    body.on('end', () => {
      isOver = true
      resolve(pieces.whole())
    })
    // A request has errors only when its connection has gone, a decoder when it cannot read what it is given.
    body.on('error', (cause) => {
      if (isOver) return
      const isGone = body instanceof IncomingMessage
      fail(isGone ? left(cause) : new DragomanError('invalid_request', 'The body could not be decoded', { cause }))
    })
    body.on('close', () => {
      if (!isOver) fail(left())
    })
  })
}

function left(cause?: unknown): DragomanError {
  return new DragomanError('aborted', 'The caller left', { cause })
}

/** The byte order mark that some editors put before a file's text. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function parse(bytes: Buffer, type: string): JsonBody {
  if (bytes.length === 0) throw new DragomanError('invalid_request', 'The request body is empty, expected JSON')
  const text = isUtf8(bytes) ? bytes.toString() : undefined
  if (text === undefined) throw notJson(type)
  checkShape(text)
  try {
    return { value: JSON.parse(text), text }
  } catch (cause) {
    throw notJson(type, cause)
  }
}

function notJson(type: string, cause?: unknown): DragomanError {
  // A body that is no JSON and was not said to be: the header is what has to change.
  const isSaidToBeJson = type === '' || /[/+]json\b/i.test(type)
  const code = isSaidToBeJson ? 'invalid_request' : 'unsupported_media_type'
  const message = 'The request body is not JSON (in UTF-8, with content-type application/json)'
  return new DragomanError(code, message, { cause })
}
