import { type Clock, DragomanError } from '@dragoman/core'
import { type ErrorResponse, type MapError, mapErrorResponse } from '@dragoman/upstream'
import { fieldsOf } from './fields-of.ts'

const tooFast = /too (fast|many|frequent)|try (again )?later|rate.?limit|频繁|过快|稍后|过多|限流/i
const tooLong = /(too long|exceed\w* (the )?(max\w* )?(length|limit|context))|超长|过长|超出.{0,10}(长度|限制)/i
const invalid = /\binvalid\b|illegal|\b(required|missing) param|参数|不合法/i
// Not every `verify`: that stands in messages about parameters, and on every page that a search engine may index.
const verification =
  /captcha|verify (that )?you|(security|human|slider) (check|verification)|verification (required|needed|page)|risk.?control|滑块|验证码|安全验证|身份验证|人机|风控/i

/** Statuses with which APIs answer. With another one something in front of the site refuses. */
const plainStatuses = [400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 425, 429]

/**
 * Reads the site's errors: `{ code, message }`, also with status 200 and inside a stream, and pages of verification.
 *
 * @param restMs how long a credential rests that was too fast, where the site does not say
 */
export function mapWebError(clock: Pick<Clock, 'now'>, restMs?: number): MapError {
  return (answer) => {
    const read = mapErrorResponse(answer, { provider: 'LongCat', now: clock.now() })
    const { status } = answer
    const code = Number(fieldsOf(answer.json).code ?? Number.NaN)
    if (status === 401 || code === 401) return rejected()
    if (read.code === 'upstream_challenge' || isRefusal(answer, read.message)) return challenge()
    if (status === 403 || code === 403) return rejected()
    if (read.code === 'credential_exhausted') return undefined
    if (read.code === 'rate_limited' || code === 429 || (status < 500 && tooFast.test(read.message))) {
      return withRest(read, restMs)
    }
    if (status >= 400) return undefined
    if (code === 0) return other('upstream_protocol', read)
    if (tooLong.test(read.message)) return other('context_length_exceeded', read)
    if (code === 400 || invalid.test(read.message)) return other('invalid_request', read)
    return undefined
  }
}

function isRefusal({ status, headers, text, json }: ErrorResponse, words: string): boolean {
  if (json !== undefined) return status < 500 && verification.test(words)
  const isPage = /html/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype|html|head)/i.test(text)
  if (isPage && verification.test(text)) return true
  if (status < 400 || status >= 500) return false
  return (isPage && status !== 404) || status === 403 || !plainStatuses.includes(status)
}

function challenge(): DragomanError {
  const message =
    'LongCat asks for verification: open the site in your own browser, sign in and supply its fresh cookie, or use an official API key'
  return new DragomanError('upstream_challenge', message, { origin: 'upstream' })
}

function rejected(): DragomanError {
  const message =
    'LongCat does not take this session any more: sign in with your own browser and supply the new passport_token_key, or use an official API key'
  return new DragomanError('credential_rejected', message, { origin: 'upstream' })
}

function withRest(read: DragomanError, restMs: number | undefined): DragomanError {
  const { retryAfterMs = restMs } = read
  return new DragomanError('rate_limited', read.message, { origin: 'upstream', retryAfterMs })
}

function other(code: 'upstream_protocol' | 'context_length_exceeded' | 'invalid_request', read: DragomanError) {
  return new DragomanError(code, read.message, { origin: 'upstream' })
}
