import { DragomanError, isRecord } from '@dragoman/core'
import { type ErrorResponse, mapErrorResponse, readErrorBody } from '@dragoman/upstream'
import { recordOf } from './record.ts'

const HOUR_MS = 3_600_000

const challenge =
  'chat.qwen.ai asks for a captcha, which is never answered here: sign in with your own browser and supply the token of ' +
  'that session, or use an API key (provider qwen)'

/** `error.code` of a chat that takes no more messages: another one does. */
export const CHAT_UNUSABLE = 'chat_unusable'

/** What the site's own words mean; undefined leaves an answer to the usual reading. */
export function mapSiteError(response: ErrorResponse): DragomanError | undefined {
  const { headers, text, json } = response
  const origin = 'upstream'
  const beginning = (json === undefined ? text : JSON.stringify(json)).slice(0, 4096)
  if (isChallenge(beginning) || isChallenge(headers.get('location') ?? '')) {
    return new DragomanError('upstream_challenge', challenge, { origin })
  }
  const { num } = recordOf(recordOf(json).data)
  const { code = '', message = '' } = readErrorBody(json)
  const says = (words: string) => `chat.qwen.ai: ${message || words}`.slice(0, 2000)
  if (/chat is in progress|chat.{0,40}has been closed/i.test(message)) {
    return new DragomanError('upstream_unavailable', says(''), { origin, publicCode: CHAT_UNUSABLE })
  }
  if (/content (security|risk)|sensitive content|inappropriate content/i.test(message)) {
    return new DragomanError('content_filter', says(''), { origin })
  }
  switch (code) {
    case 'Unauthorized':
      return new DragomanError('credential_rejected', says('the session has ended'), { origin })
    case 'RateLimited': {
      const retryAfterMs = typeof num === 'number' && num > 0 ? num * HOUR_MS : undefined
      const words = retryAfterMs === undefined ? 'the account is at its limit' : `the account is out for ${num} h`
      return new DragomanError('credential_exhausted', says(words), { origin, retryAfterMs })
    }
    case 'Not_Found':
      return new DragomanError('deployment_not_found', says('no such model'), { origin })
    case 'Bad_Request': {
      if (/internal error/i.test(message)) return new DragomanError('upstream_unavailable', says(''), { origin })
      // Of a conversation that is too long only the words tell.
      const { code: told } = mapErrorResponse(response, { provider: 'chat.qwen.ai', now: 0 })
      const meant = told === 'context_length_exceeded' ? told : 'invalid_request'
      return new DragomanError(meant, says('the request was refused'), { origin })
    }
    default:
      return /overload|server is busy/i.test(message)
        ? new DragomanError('upstream_unavailable', says(''), { origin })
        : undefined
  }
}

/** Whether JSON that came with a status of success reports an error. */
export function reportsError(json: unknown): boolean {
  if (!isRecord(json)) return false
  return json.success === false || Boolean(json.error) || isChallenge(JSON.stringify(json).slice(0, 4096))
}

function isChallenge(text: string): boolean {
  return /_____tmd_____|x5secdata|FAIL_SYS_USER_VALIDATE|RGV587/.test(text)
}
