import type { Clock, DragomanError } from '@dragoman/core'
import type { RawHeaders, ResponseHead } from './exchange.ts'
import type { Limits } from './limits.ts'
import type { ResponseBody } from './response-body.ts'

/** An answer that succeeded, by its status at least. */
export interface HttpResponse {
  readonly status: number
  /** Without `content-encoding` and `content-length` where the body was compressed. */
  readonly headers: Headers
  /** `application/json`: lower-cased, without parameters; empty when the upstream names none. */
  readonly contentType: string
  readonly body: ResponseBody
  /** What the call was made with, for those who read the body. */
  readonly call: ResponseCall
  /** A JSON value in which the upstream reports an error, in the body or in an event -> the error to throw. */
  errorFrom(json: unknown): DragomanError
}

export interface ResponseCall {
  /** For messages. */
  readonly provider: string
  readonly limits: Limits
  readonly clock: Clock
  /** Reads an error from a text that stands where the answer should. */
  errorFromText(text: string): DragomanError
}

/** How an answer's text and JSON become an error: with the provider's own reading, and without its secrets. */
export type ToError = (response: { status: number; headers: Headers; text: string; json: unknown }) => DragomanError

/** Builds `Headers` only if somebody looks at them: that costs more than all else that is done to a head. */
export class ReceivedResponse implements HttpResponse, ResponseCall {
  readonly status: number
  readonly contentType: string
  readonly body: ResponseBody
  readonly provider: string
  readonly limits: Limits
  readonly clock: Clock
  readonly #raw: RawHeaders
  readonly #toError: ToError
  #headers: Headers | undefined

  constructor(head: ResponseHead, call: Omit<ResponseCall, 'errorFromText'>, toError: ToError) {
    this.status = head.status
    this.body = head.body
    this.contentType = mediaTypeOf(head.headers)
    this.provider = call.provider
    this.limits = call.limits
    this.clock = call.clock
    this.#raw = head.headers
    this.#toError = toError
  }

  get headers(): Headers {
    this.#headers ??= readHeaders(this.#raw)
    return this.#headers
  }

  get call(): ResponseCall {
    return this
  }

  errorFrom(json: unknown): DragomanError {
    return this.#toError({ status: this.status, headers: this.headers, text: '', json })
  }

  errorFromText(text: string): DragomanError {
    return this.#toError({ status: this.status, headers: this.headers, text, json: parseJson(text) })
  }
}

/** The value that a text is the JSON of; undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // that it is none is what was asked
  }
}

function mediaTypeOf(headers: RawHeaders): string {
  const value = headers['content-type']?.toString() ?? ''
  // As nearly every service writes it.
  if (value === 'application/json' || value === 'text/event-stream') return value
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function readHeaders(raw: RawHeaders): Headers {
  const wasDecoded = raw['content-encoding'] !== undefined
  const headers = new Headers()
  for (const [name, values] of Object.entries(raw)) {
    if (wasDecoded && (name === 'content-encoding' || name === 'content-length')) continue
    for (const value of [values ?? []].flat()) {
      try {
        headers.append(name, value)
      } catch {
        // The HTTP parser lets through a few characters that Headers does not take; such a header helps nobody.
      }
    }
  }
  return headers
}
