import { DragomanError, isRecord } from '@dragoman/core'
import type { HttpResponse } from '@dragoman/upstream'
import type { Fields } from '../fields.ts'
import { siteName } from './connect-error.ts'

const HEAD_BYTES = 5
const COMPRESSED = 0x01
const END = 0x02

/** One message of a Connect stream, and whether it is the one that ends it. */
export interface Frame {
  readonly isEnd: boolean
  readonly json: Fields
}

/** A message as Connect frames it: flags, the length as four bytes, the JSON. */
export function encodeFrame(message: unknown): Uint8Array {
  const payload = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}

/**
 * The messages of a response, wherever it was cut. Bounded by `limits.maxEventBytes` each. A body that ends inside of a
 * message, a compressed one (none is asked for) and one that is no JSON object are `upstream_protocol`.
 */
export async function* readFrames(response: HttpResponse): AsyncGenerator<Frame, undefined> {
  const { maxEventBytes } = response.call.limits
  let parts: Uint8Array[] = []
  let length = 0
  let needed = HEAD_BYTES
  for await (const chunk of response.body) {
    parts.push(chunk)
    length += chunk.length
    if (length < needed) continue
    // Joined only when a message is whole, so that a long one costs no more than its length.
    let rest = Buffer.concat(parts)
    for (;;) {
      needed = HEAD_BYTES
      if (rest.length < needed) break
      const size = rest.readUInt32BE(1)
      if (size > maxEventBytes) throw broken(`a message of ${size} bytes (limits.maxEventBytes is ${maxEventBytes})`)
      needed += size
      if (rest.length < needed) break
      yield parse(rest[0] ?? 0, rest.subarray(HEAD_BYTES, needed))
      rest = rest.subarray(needed)
    }
    parts = [rest]
    length = rest.length
  }
  if (length > 0) throw broken('a stream that ends inside of a message')
  return undefined
}

function parse(flags: number, payload: Buffer): Frame {
  if (flags & COMPRESSED) throw broken('a compressed message, which was not asked for')
  let json: unknown
  try {
    json = JSON.parse(payload.toString())
  } catch {
    json = undefined // told apart from an object below, without quoting what may hold anything
  }
  if (!isRecord(json)) throw broken('a message that is no JSON object')
  return { isEnd: (flags & END) !== 0, json }
}

function broken(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${siteName} sent ${what}`, { origin: 'upstream' })
}
