import { type AnswerItem, heartbeat, isRecord, sourceTextOf, withSourceText } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import type { Answer, EndpointResult, RouteInfo } from '../answer.ts'

/** Characters of one answer. A longer one goes out as ever, and is not kept. */
export const longestKept = 2 ** 20

/** A complete answer as text: what the gateway gave for one request, to be given again. */
export interface KeptAnswer {
  readonly version: typeof version
  readonly form: 'completion' | 'bytes' | 'items' | 'json'
  /** One for a whole answer, else one for each item of the stream, with a letter before it that says what it is. */
  readonly parts: readonly string[]
  readonly route: RouteInfo
  readonly usage?: Usage | undefined
  readonly finishReason?: string | undefined
  /** When it was complete, in Unix milliseconds. */
  readonly at: number
}

export type Facts = Pick<KeptAnswer, 'usage' | 'finishReason' | 'at'>

/** Other versions may have left theirs in a store. */
const version = 1

const chunkMark = 'c'
const bytesMark = 'b'

const utf8 = new TextEncoder()

/** Bytes as text; undefined where they are none. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // sound, a picture
  }
}

/** What passes in a stream, as text, as long as it is not too much. Heartbeats are no part of an answer. */
export class AnswerTape {
  #parts: string[] | undefined = []
  #length = 0

  /** Undefined once there was more than is kept, or something that is no text. */
  get parts(): readonly string[] | undefined {
    return this.#parts
  }

  push(item: AnswerItem): void {
    if (!this.#parts || item === heartbeat) return
    const part = item instanceof Uint8Array ? textOf(item) : (sourceTextOf(item) ?? JSON.stringify(item))
    this.#length += part?.length ?? 0
    if (part === undefined || this.#length > longestKept) this.#parts = undefined
    else this.#parts.push((item instanceof Uint8Array ? bytesMark : chunkMark) + part)
  }
}

export function itemOf(part: string): AnswerItem {
  const text = part.slice(1)
  if (part.startsWith(bytesMark)) return utf8.encode(text)
  return withSourceText(JSON.parse(text) as ChatCompletionChunk, text) // as it was written
}

/** @returns undefined where it is too long, no text, or a stream: that is on a tape when it is over */
export function keptWhole(answer: Answer | EndpointResult, facts: Facts): KeptAnswer | undefined {
  if (answer.kind === 'chunks' || answer.kind === 'stream') return undefined
  const part = wholeText(answer)
  if (part === undefined || part.length > longestKept) return undefined
  return { version, form: answer.kind, parts: [part], route: answer.route, ...facts }
}

export function keptStream(parts: readonly string[], route: RouteInfo, facts: Facts): KeptAnswer {
  return { version, form: 'items', parts, route, ...facts }
}

function wholeText(answer: Exclude<Answer | EndpointResult, { kind: 'chunks' | 'stream' }>): string | undefined {
  switch (answer.kind) {
    case 'completion':
      return JSON.stringify(answer.completion)
    case 'bytes':
      return textOf(answer.bytes)
    case 'json':
      return JSON.stringify(answer.json)
  }
}

/** The opposite of `JSON.stringify`; undefined for what is none of ours. */
export function readKept(text: string): KeptAnswer | undefined {
  try {
    const kept: unknown = JSON.parse(text)
    return isRecord(kept) && kept.version === version ? (kept as unknown as KeptAnswer) : undefined
  } catch {
    return undefined
  }
}

/** A kept answer that is whole. */
export function givenWhole({ form, parts }: KeptAnswer, route: RouteInfo): Answer | EndpointResult {
  const text = parts[0] ?? ''
  if (form === 'bytes') return { kind: 'bytes', bytes: utf8.encode(text), route }
  const json: unknown = JSON.parse(text)
  return form === 'json'
    ? { kind: 'json', json, route }
    : { kind: 'completion', completion: json as ChatCompletion, route } // as it was written
}

/** Whether its client gets the upstream's own frames. */
export function isRelayed({ parts }: KeptAnswer): boolean {
  return parts.some((part) => part.startsWith(bytesMark))
}
