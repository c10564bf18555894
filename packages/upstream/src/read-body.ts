import type { DragomanError } from '@dragoman/core'
import { isErrorBody } from './error-body.ts'
import { type HttpResponse, parseJson } from './http-response.ts'
import { Watchdog } from './watchdog.ts'

/**
 * The whole body as JSON. Throws `upstream_protocol` for what is none (a page or an empty body is named as such),
 * `upstream_challenge` for a browser check, and for a body that reports an error what that means.
 */
export async function readJson(response: HttpResponse): Promise<unknown> {
  const text = await readText(response)
  const json = parseJson(text)
  if (json === undefined) throw response.call.errorFromText(text.slice(0, BEGINNING_BYTES))
  if (isErrorBody(json)) throw response.errorFrom(json)
  return json
}

/** The whole body as text (UTF-8, without a byte order mark). Bounded by `limits.maxAnswerBytes`. */
export function readText(response: HttpResponse): Promise<string> {
  const { body } = response
  return new Promise((resolve, reject: (error: DragomanError) => void) => {
    const chunks: Uint8Array[] = []
    body.attach({
      data: (chunk) => chunks.push(chunk),
      end() {
        body.release()
        resolve(decode(chunks))
      },
      fail(error) {
        body.release()
        reject(error)
      },
    })
  })
}

const BEGINNING_BYTES = 64 * 1024
const BEGINNING_MS = 5_000

/**
 * What an error has to say: at most the first 64 KiB of the body, and what of them came within five seconds. A body
 * that breaks off is cut there; only an abort rejects.
 */
export function readBeginning(response: HttpResponse): Promise<string> {
  const { body, call } = response
  const watchdog = new Watchdog(call.clock)
  return new Promise((resolve, reject: (error: DragomanError) => void) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const finish = () => {
      watchdog.stop()
      body.release()
      resolve(decode(chunks).slice(0, BEGINNING_BYTES))
    }
    watchdog.watch(BEGINNING_MS, finish)
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

function decode(chunks: readonly Uint8Array[]): string {
  const [first] = chunks
  const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks)
  return new TextDecoder().decode(bytes)
}
