import { type Clock, DragomanError } from '@dragoman/core'
import { type MapError, readErrorBody, readRetryAfter } from '@dragoman/upstream'

const longestMessage = 2000

/** What Anthropic says in words, or with a status of its own; undefined leaves the rest to the usual reading. */
export function mapErrors({ now }: Pick<Clock, 'now'>): MapError {
  return ({ status, headers, json }) => {
    const { message = '', codes } = readErrorBody(json)
    const words = message.replace(/\s+/g, ' ').trim().slice(0, longestMessage)
    const told = `Anthropic answered ${status}${words === '' ? '' : `: ${words}`}`
    const origin = 'upstream'
    if (status === 529 || codes.includes('overloaded_error')) {
      const retryAfterMs = readRetryAfter(headers, now())
      return new DragomanError('upstream_overloaded', told, { origin, retryAfterMs })
    }
    // Both come as a 400 of the type that stands for a bad request.
    if (/organization has been disabled/i.test(words)) return new DragomanError('credential_disabled', told, { origin })
    if (/reached your specified API usage limits/i.test(words)) {
      return new DragomanError('credential_exhausted', told, { origin, retryAfterMs: untilAccess(words, now()) })
    }
    return undefined
  }
}

/** "You will regain access on 2026-04-01 at 00:00 UTC." */
function untilAccess(words: string, now: number): number | undefined {
  const [, date, time] = /regain access on (\d{4}-\d{2}-\d{2}) at (\d{2}:\d{2}) UTC/i.exec(words) ?? []
  const at = date === undefined ? Number.NaN : Date.parse(`${date}T${time}Z`)
  return at > now ? at - now : undefined
}
