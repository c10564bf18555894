import { DragomanError, type ErrorCode, isRecord } from '@dragoman/core'
import { type ErrorResponse, mapErrorResponse } from '@dragoman/upstream'
import type { Fields } from '../record.ts'

const longestMessage = 500
const origin = 'upstream'

/** The site wants a person. Never answered, imitated or gone around. */
export function challenge(where: string): DragomanError {
  return new DragomanError(
    'upstream_challenge',
    `chat.z.ai asks for a captcha at ${where}: supply the token of your own signed-in browser, or use the documented API (provider zai)`,
    { origin },
  )
}

/** What the site means where the default mapping cannot know: its captcha, its limit of calls at a time. */
export function mapWebError(response: ErrorResponse): DragomanError | undefined {
  const { status, text, json } = response
  if (status === 405 && json === undefined && /<html|<!doctype/i.test(text.slice(0, 1024))) return challenge('its door')
  const { code: usual } = mapErrorResponse(response, { provider: 'chat.z.ai', now: 0 })
  if (json === undefined) return usual === 'upstream_challenge' ? challenge('its door') : undefined
  // Of that the words tell more than the number beside them.
  if (usual === 'context_length_exceeded') return undefined
  const errors = errorsIn(json)
  if (errors.some(wantsCaptcha)) return challenge('its door')
  const words = wordsOf(errors)
  if (status === 429 || status < 300 || status === 400) {
    if (/concurren|too many requests|并发/i.test(words) || errors.some(({ code }) => Number(code) === 429)) {
      // Of a 429 the headers and words are read by the default mapping.
      return status === 429 ? undefined : failure('rate_limited', words)
    }
    if (/sensitive|content (policy|filter)|敏感/i.test(words)) return failure('content_filter', words)
  }
  return status < 300 ? inBand(errors, words) : undefined
}

/** An error inside of a 200, by the code that it names. */
function inBand(errors: readonly Fields[], words: string): DragomanError | undefined {
  const code = errors.map((error) => Number(error.code ?? error.error_code)).find((number) => number >= 400)
  const known = code === undefined ? undefined : byStatus[code]
  return known === undefined ? undefined : failure(known, words)
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'credential_rejected',
  403: 'credential_forbidden',
}

function failure(code: ErrorCode, words: string): DragomanError {
  return new DragomanError(code, words === '' ? 'chat.z.ai refused' : `chat.z.ai refused: ${words}`, { origin })
}

const holders = ['error', 'detail', 'data', 'inner']

/** Everything that may tell of an error: the JSON itself, and what it holds under the names that the site uses. */
function errorsIn(json: unknown, depth = 0): Fields[] {
  if (!isRecord(json) || depth > 4) return []
  return [json, ...holders.flatMap((name) => errorsIn(json[name], depth + 1))]
}

/** The error that a frame of an answer reports, wherever in it; undefined for one that reports none. */
export function errorInFrame(frame: Fields): unknown {
  const error = errorsIn(frame).find((holder) => Boolean(holder.error))?.error
  if (error !== undefined) return error
  const isBare = frame.data === undefined && frame.phase === undefined && frame.type === undefined
  return isBare && (frame.message !== undefined || frame.detail !== undefined) ? frame : undefined
}

function wantsCaptcha(error: Fields): boolean {
  if (error.captcha_error_type !== undefined) return true
  return [error.code, error.error_code, error.message, error.detail, error.error].some(
    (said) => typeof said === 'string' && /captcha/i.test(said),
  )
}

function wordsOf(errors: readonly Fields[]): string {
  for (const error of errors) {
    for (const said of [error.detail, error.message, error.error]) {
      if (typeof said === 'string' && said.trim() !== '') return shortened(said)
    }
  }
  return ''
}

/** Between words: what goes over the end may be half of a secret. */
function shortened(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length <= longestMessage ? line : line.slice(0, Math.max(0, line.lastIndexOf(' ', longestMessage)))
}
