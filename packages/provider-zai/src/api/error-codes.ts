import { type Clock, DragomanError, type ErrorCode, errorTable, isRecord, systemClock } from '@dragoman/core'
import { type MapError, readErrorBody, readRetryAfter } from '@dragoman/upstream'

const longestMessage = 2000
const hourMs = 3_600_000
/** Z.AI names times of reset without a zone; its limits are counted in Beijing. */
const beijingAheadMs = 8 * hourMs
const fairUseMs = 10 * 60_000

/** What Z.AI's own code says beats the status, which is 429 for money and for haste alike. */
export function mapErrorCodes(clock: Pick<Clock, 'now'> = systemClock): MapError {
  return ({ status, headers, json }) => {
    const number = codeIn(json)
    const code = number === undefined ? byStatus[status] : byNumber.get(number)
    if (code === undefined) return undefined
    const words = cut(readErrorBody(json).message ?? '')
    const said = `Z.AI answered ${number ?? status}`
    const message = words === '' ? said : errorTable[code].scope === 'request' ? words : `${said}: ${words}`
    const now = clock.now()
    const retryAfterMs = readRetryAfter(headers, now) ?? (number === undefined ? undefined : waitOf(number, words, now))
    return new DragomanError(code, message, { origin: 'upstream', retryAfterMs })
  }
}

/** Of Z.AI's API reference, "Errors". */
const byNumber: ReadonlyMap<number, ErrorCode> = new Map([
  ...each('upstream_unavailable', 500, 1120, 1200, 1230, 1234, 1312),
  ...each('credential_rejected', 1000, 1001, 1002, 1003, 1004),
  ...each('credential_disabled', 1110, 1111, 1112, 1121),
  ...each('credential_exhausted', 1113, 1304, 1308, 1309, 1310),
  ...each('invalid_request', 1210, 1212, 1213, 1214, 1215, 1231),
  ...each('deployment_not_found', 1211, 1221, 1222),
  ...each('credential_forbidden', 1220, 1311),
  ...each('context_length_exceeded', 1261),
  ...each('content_filter', 1300, 1301),
  ...each('rate_limited', 1302, 1303, 1305, 1313),
])

function each(code: ErrorCode, ...numbers: readonly number[]): (readonly [number, ErrorCode])[] {
  return numbers.map((number) => [number, code])
}

/** No permission for the API; a file above 100 MB. */
const byStatus: Readonly<Record<number, ErrorCode>> = { 434: 'credential_forbidden', 435: 'request_too_large' }

function codeIn(json: unknown): number | undefined {
  const error = isRecord(json) ? json.error : undefined
  const code = isRecord(error) ? error.code : undefined
  const number = typeof code === 'string' && /^\d{3,4}$/.test(code) ? Number(code) : code
  return typeof number === 'number' ? number : undefined
}

function waitOf(code: number, words: string, now: number): number | undefined {
  if (code === 1313) return fairUseMs
  if (code === 1304) {
    const dayMs = 24 * hourMs
    return dayMs - ((now + beijingAheadMs) % dayMs)
  }
  const [, date, time] = /(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)/.exec(words) ?? []
  if ((code !== 1308 && code !== 1310) || date === undefined) return undefined
  const resetsAt = Date.parse(`${date}T${time}Z`) - beijingAheadMs
  return resetsAt > now ? resetsAt - now : undefined
}

/** Between words: what goes over the end may be half of a secret. */
function cut(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length <= longestMessage ? line : line.slice(0, Math.max(0, line.lastIndexOf(' ', longestMessage)))
}
