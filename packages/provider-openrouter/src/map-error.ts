import { DragomanError, isRecord } from '@dragoman/core'
import { type ErrorResponse, type MapErrorContext, mapErrorResponse, readRetryAfter } from '@dragoman/upstream'
import type { Fields } from './record.ts'

export const name = 'OpenRouter'

/**
 * Reads what stands in the `metadata` of an error: a moderation's reasons, when a limit ends, and in `raw` what the
 * provider behind OpenRouter said, without which most errors are "Provider returned error". Undefined for errors
 * without metadata, which the usual reading knows.
 */
export function routedError(
  response: ErrorResponse,
  about: Omit<MapErrorContext, 'provider'>,
): DragomanError | undefined {
  const error = isRecord(response.json) && isRecord(response.json.error) ? response.json.error : undefined
  if (!isRecord(error?.metadata)) return undefined
  const { metadata, code } = error
  const context = { ...about, provider: name }
  const origin = 'upstream'
  // In a stream and inside a 200 only the code says it.
  const status = response.status >= 300 ? response.status : (statusIn(code) ?? 502)
  if (status === 403 && Array.isArray(metadata.reasons)) {
    const { message } = mapErrorResponse({ ...response, status: 400 }, context)
    return new DragomanError('content_filter', message, { origin, publicCode: 'content_policy_violation' })
  }
  const outer = mapErrorResponse({ ...response, status }, context)
  const behind = errorBehind(metadata, status, context)
  // The caller's fault is told in the words that know it. Whose key was refused behind OpenRouter is not ours.
  if (behind?.scope === 'request') return behind
  const message = behind ? `${uncut(outer.message)} (${uncut(behind.message)})` : outer.message
  return new DragomanError(outer.code, message, {
    origin,
    retryAfterMs: outer.retryAfterMs ?? behind?.retryAfterMs ?? readRetryAfter(headersIn(metadata), about.now),
    param: outer.param,
    publicCode: outer.publicCode ?? undefined,
  })
}

/** `raw` is the provider's body: JSON in a text, an object, or a text with anything in it. */
function errorBehind(
  { raw, provider_name }: Fields,
  status: number,
  context: MapErrorContext,
): DragomanError | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined
  const text = typeof raw === 'string' ? raw : JSON.stringify(raw)
  const provider = typeof provider_name === 'string' ? provider_name.slice(0, 60) : 'its provider'
  return mapErrorResponse({ status, headers: new Headers(), text, json: parsed(text) }, { ...context, provider })
}

/** `mapErrorResponse` cuts at this. */
const longest = 2000

/** Without a word that was cut: it may be the front half of a secret, which nobody finds in the middle of a text. */
function uncut(message: string): string {
  return message.length < longest ? message : message.slice(0, Math.max(0, message.lastIndexOf(' ')))
}

function parsed(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined // a text is as good
  }
}

function headersIn({ headers }: Fields): Headers {
  const entries = isRecord(headers) ? Object.entries(headers) : []
  const known = entries.filter(([key, value]) => /^[\w-]+$/.test(key) && /^[\d.]+$/.test(String(value)))
  return new Headers(known.map(([key, value]): [string, string] => [key, String(value)]))
}

function statusIn(code: unknown): number | undefined {
  const status = Number(code)
  return status >= 400 && status <= 599 ? status : undefined
}
