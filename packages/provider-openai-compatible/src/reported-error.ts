import { type Clock, DragomanError, type ErrorCode, errorTable, isRecord, systemClock } from '@dragoman/core'
import { type MapError, readRetryAfter } from '@dragoman/upstream'
import type { Fields } from './record.ts'

/** Whether a JSON object that came with a status of success reports an error instead of answering. */
export function reportsError(json: Fields): boolean {
  // vLLM: the error is the object itself. MiniMax: the answer has a status of its own.
  return Boolean(json.error) || json.object === 'error' || statusOf(json) !== undefined
}

const longestMessage = 2000

/**
 * Reads the status that MiniMax puts into its answers. Left to the default are all others, and a code that is not known
 * beside an HTTP status that is an error: that status says more. The clock is for dates in `retry-after`.
 */
export function mapBaseResponse(name: string, clock: Pick<Clock, 'now'> = systemClock): MapError {
  return ({ json, status: httpStatus, headers }) => {
    const status = statusOf(json)
    if (!status) return undefined
    const known = baseResponseCodes.get(status.code)
    if (!known && httpStatus >= 300) return undefined
    const code = known ?? 'upstream_unavailable'
    const words = cut(status.message)
    const answered = `${name} answered ${status.code}`
    const message = words === '' ? answered : errorTable[code].scope === 'request' ? words : `${answered}: ${words}`
    const retryAfterMs = readRetryAfter(headers, clock.now())
    return new DragomanError(code, message, { origin: 'upstream', retryAfterMs })
  }
}

// MiniMax API docs, "Error Codes".
const baseResponseCodes: ReadonlyMap<number, ErrorCode> = new Map([
  [1001, 'upstream_timeout'],
  [1002, 'rate_limited'],
  [1004, 'credential_rejected'],
  [1008, 'credential_exhausted'],
  [1026, 'content_filter'],
  [1027, 'content_filter'],
  [1039, 'rate_limited'],
  [2013, 'invalid_request'],
  [2049, 'credential_rejected'],
])

function statusOf(json: unknown): { code: number; message: string } | undefined {
  if (!isRecord(json) || !isRecord(json.base_resp)) return undefined
  const { status_code: code, status_msg: message } = json.base_resp
  return typeof code === 'number' && code !== 0 ? { code, message: String(message ?? '') } : undefined
}

/** Between words: what goes over the end may be a secret, and a half of one would not be taken out any more. */
function cut(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim()
  if (line.length <= longestMessage) return line
  return line.slice(0, Math.max(0, line.lastIndexOf(' ', longestMessage)))
}
