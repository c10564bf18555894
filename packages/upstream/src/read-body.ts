import { type DragomanError, Watchdog } from '@dragoman/core'
import { asBuffer } from './as-buffer.ts'
import { isErrorBody } from './error-body.ts'
import { type HttpResponse, parseJson } from './http-response.ts'
import type { BodySink, ResponseBody } from './response-body.ts'

/**
 * The whole body as JSON. Throws `upstream_protocol` for what is none (a page or an empty body is named as such),
 * `upstream_challenge` for a browser check, and for a body that reports an error what that means.
 */
export function readJson(response: HttpResponse): Promise<unknown> {
  return collected(response, (bytes) => jsonOf(response, bytes))
}

/** The whole body, as it came and as `readJson` reads it. */
export function readJsonBytes(response: HttpResponse): Promise<{ bytes: Uint8Array; json: unknown }> {
  return collected(response, (bytes) => ({ bytes, json: jsonOf(response, bytes) }))
}

function jsonOf(response: HttpResponse, bytes: Uint8Array): unknown {
  const text = decode(bytes)
  const json = parseJson(text)
  if (json === undefined) throw response.call.errorFromText(text.slice(0, BEGINNING_BYTES))
  if (isErrorBody(json)) throw response.errorFrom(json)
  return json
}

/** The whole body as text (UTF-8, without a byte order mark). Bounded by `limits.maxAnswerBytes`. */
export function readText(response: HttpResponse): Promise<string> {
  return collected(response, decode)
}

/** The whole body. Bounded by `limits.maxAnswerBytes`. */
export function readBytes(response: HttpResponse): Promise<Uint8Array> {
  return collected(response, (bytes) => bytes)
}

/** @param read what to make of all bytes, at once: a promise more for each step is what a short answer would feel */
function collected<T>({ body }: HttpResponse, read: (bytes: Uint8Array) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (bytes: Uint8Array) => {
      try {
        resolve(read(bytes))
      } catch (error) {
        reject(error)
      }
    }
    body.attach(new Collector(body, end, reject))
  })
}

class Collector implements BodySink {
  readonly #body: ResponseBody
  readonly #resolve: (bytes: Uint8Array) => void
  readonly #reject: (error: DragomanError) => void
  readonly #chunks: Uint8Array[] = []

  constructor(body: ResponseBody, resolve: (bytes: Uint8Array) => void, reject: (error: DragomanError) => void) {
    this.#body = body
    this.#resolve = resolve
    this.#reject = reject
  }

  data(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
  }

  end(): void {
    this.#body.release()
    this.#resolve(joined(this.#chunks))
  }

  fail(error: DragomanError): void {
    this.#body.release()
    this.#reject(error)
  }
}

const BEGINNING_BYTES = 64 * 1024
const BEGINNING_MS = 5_000

const BYTE_ORDER_MARK = 0xfeff

/**
 * What an error has to say: at most the first 64 KiB of the body, and what of them came within five seconds. A body
 * that breaks off is cut there; only an abort rejects.
 */
export function readBeginning(response: HttpResponse): Promise<string> {
  const { body, call } = response
  return new Promise((resolve, reject: (error: DragomanError) => void) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const finish = () => {
      watchdog.stop()
      body.release()
      resolve(decode(joined(chunks)).slice(0, BEGINNING_BYTES))
    }
    const watchdog = new Watchdog(call.clock, finish)
    watchdog.watch(BEGINNING_MS)
    body.attach({
      data(chunk) {
        if (bytes >= BEGINNING_BYTES) return
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= BEGINNING_BYTES) finish()
      },
      end: finish,
      fail(error, discard) {
        if (!discard) return finish()
        watchdog.stop()
        body.release()
        reject(error)
      },
    })
  })
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  return chunks.length === 1 && first ? first : Buffer.concat(chunks)
}

function decode(bytes: Uint8Array): string {
  const text = asBuffer(bytes).toString()
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}
