import { DragomanError, type ErrorCode, errorTable } from '@dragoman/core'
import { type ErrorBody, readErrorBody } from './error-body.ts'
import { isChallenge, isHtml, titleOf } from './html-page.ts'
import { redact } from './redact.ts'
import { readRetryAfter } from './retry-after.ts'

/** An answer that is an error: by its status or, where that says 200, by its body. */
export interface ErrorResponse {
  readonly status: number
  readonly headers: Headers
  /** The beginning of the body, at most 64 KiB. */
  readonly text: string
  /** The body where it is JSON, else undefined. */
  readonly json: unknown
}

/** A provider's own reading of an error, asked first; undefined leaves it to `mapErrorResponse`. */
export type MapError = (response: ErrorResponse) => DragomanError | undefined

export interface MapErrorContext {
  /** Named in messages. */
  readonly provider: string
  /** Never shown, see `redact`. */
  readonly secrets?: readonly string[] | undefined
  /** Unix milliseconds, for dates in headers. */
  readonly now: number
}

const LONGEST_MESSAGE = 2_000
const LONGEST_QUOTE = 100
const LONGEST_SECRET = 4_096

/**
 * What an answer means, in the vocabulary of core. Codes that say exactly what happened beat the status; well-known
 * sentences refine it; the rest is by status, and for an error inside of a 200 by the status or type that its body
 * names. The upstream's words are kept, cut to 2000 characters and without secrets; HTML is never quoted, but for its
 * title. Does not throw.
 */
export function mapErrorResponse(response: ErrorResponse, context: MapErrorContext): DragomanError {
  const { status, headers, text, json } = response
  const { provider } = context
  const contentType = mediaTypeOf(headers)
  const origin = 'upstream'
  if (isChallenge(headers, contentType, text)) {
    const message = `${provider} asks for a captcha or a browser check (status ${status}): a person has to act`
    return new DragomanError('upstream_challenge', message, { origin })
  }

  const body = json === undefined ? emptyBody : readErrorBody(json)
  const retryAfterMs = readRetryAfter(headers, context.now) ?? body.retryAfterMs
  // A success that is no JSON is no error of theirs, but an answer that nobody can use.
  const code = status < 300 && json === undefined ? 'upstream_protocol' : classify(status, body, retryAfterMs)
  // Cut once more after secrets are out: what is shown must not end in the front half of one. Before that, only what
  // can matter is looked at, for an upstream may send megabytes.
  const shown = (words: string, length: number) =>
    redact(words.slice(0, length * 4 + LONGEST_SECRET), context.secrets ?? [])
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, length)
  const words =
    body.message === undefined ? describe(response, contentType, shown) : shown(body.message, LONGEST_MESSAGE)
  const isRequest = errorTable[code].scope === 'request'
  return new DragomanError(code, sentence(provider, status, words, isRequest), {
    origin,
    retryAfterMs,
    param: isRequest && body.param !== undefined ? shown(body.param, LONGEST_QUOTE) : undefined,
    publicCode: isRequest ? publicCodeOf(code, body, shown) : undefined,
  })
}

type Show = (words: string, length: number) => string

const emptyBody: ErrorBody = {
  message: undefined,
  code: undefined,
  codes: [],
  param: undefined,
  status: undefined,
  retryAfterMs: undefined,
}

export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type')?.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** For a body that has no message of its own. */
function describe({ status, headers, text, json }: ErrorResponse, contentType: string, shown: Show): string {
  if (status >= 300 && status < 400) {
    // Redacted before it is parsed, because that changes the case of a host.
    const location = shown(headers.get('location') ?? '', LONGEST_MESSAGE)
    const target = URL.canParse(location) ? ` to ${new URL(location).origin}` : ''
    return `a redirect${target}, which is not followed`
  }
  if (json !== undefined) return ''
  if (isHtml(contentType, text)) {
    const title = titleOf(text)
    return title === undefined ? 'an HTML page' : `an HTML page titled "${shown(title, LONGEST_QUOTE)}"`
  }
  if (status >= 300) return shown(text, LONGEST_MESSAGE)
  // What stands where an answer should may be a piece of one: enough to recognize it, no more.
  return text.trim() === '' ? 'an empty body' : `no JSON, but "${shown(text, LONGEST_QUOTE)}"`
}

function sentence(provider: string, status: number, words: string, isRequest: boolean): string {
  // A request's fault is told in the upstream's own words: clients look for some of them.
  if (isRequest && words !== '') return words
  const subject = `${provider} answered ${status}`
  return words === '' ? subject : `${subject}: ${words}`
}

function publicCodeOf(code: ErrorCode, body: ErrorBody, shown: Show): string | undefined {
  // Clients branch on this one by its public name, whatever the upstream calls it.
  if (code === 'context_length_exceeded') return undefined
  const { code: word = '' } = body
  return /^[A-Za-z][\w.-]{0,63}$/.test(word) && shown(word, word.length) === word ? word : undefined
}

function classify(status: number, body: ErrorBody, retryAfterMs: number | undefined): ErrorCode {
  const isInBand = status < 300
  const effective = isInBand ? (body.status ?? status) : status
  for (const word of body.codes) {
    const code = byCode.get(word.toLowerCase())
    if (code) return code
  }
  const bySentence = classifyMessage(effective, body.message ?? '', retryAfterMs)
  if (bySentence) return bySentence
  if (effective >= 300) return classifyStatus(effective)
  for (const word of body.codes) {
    const code = byType.get(word.toLowerCase())
    if (code) return code
  }
  return 'upstream_unavailable'
}

function codes(code: ErrorCode, ...words: readonly string[]): readonly (readonly [string, ErrorCode])[] {
  return words.map((word) => [word, code])
}

/** Words that services use for one thing only: they beat the status. In lower case. */
const byCode: ReadonlyMap<string, ErrorCode> = new Map([
  ...codes('context_length_exceeded', 'context_length_exceeded', 'context_window_exceeded'),
  ...codes('context_length_exceeded', 'exceed_context_size_error', 'tokens_limit_reached'),
  ...codes('content_filter', 'content_filter', 'content_policy_violation', 'responsibleaipolicyviolation'),
  ...codes('content_filter', 'data_inspection_failed', 'datainspectionfailed', 'moderation_blocked'),
  ...codes('credential_exhausted', 'insufficient_quota', 'insufficient_user_quota', 'insufficient_balance'),
  ...codes('credential_exhausted', 'insufficient_credits', 'billing_error', 'billing_hard_limit_reached'),
  ...codes('credential_exhausted', 'billing_not_active', 'exceeded_current_quota_error', 'arrearage'),
  ...codes('credential_exhausted', 'allocationquota.freetieronly'),
  ...codes('credential_disabled', 'account_deactivated', 'access_terminated'),
  ...codes('credential_rejected', 'invalid_api_key', 'invalidapikey', 'api_key_invalid', 'incorrect_api_key_error'),
  ...codes('credential_rejected', 'invalid_authentication_error'),
  ...codes('deployment_not_found', 'model_not_found', 'modelnotfound', 'deploymentnotfound'),
  ...codes('upstream_unavailable', 'overloaded_error', 'engine_overloaded_error', 'engine_overloaded'),
  ...codes('unsupported_parameter', 'unsupported_parameter'),
  ...codes('unsupported_value', 'unsupported_value'),
])

/** Types, many of which cover several faults: they count where there is no status to go by. */
const byType: ReadonlyMap<string, ErrorCode> = new Map([
  ...codes('invalid_request', 'invalid_request_error', 'invalid_argument', 'bad_request', 'badrequesterror'),
  // What OpenAI's Responses says of a failed one.
  ...codes('invalid_request', 'invalid_prompt', 'invalid_image', 'invalid_image_format', 'invalid_image_mode'),
  ...codes('invalid_request', 'invalid_base64_image', 'invalid_image_url', 'image_too_large', 'image_too_small'),
  ...codes('invalid_request', 'image_parse_error', 'image_file_too_large', 'unsupported_image_media_type'),
  ...codes('invalid_request', 'empty_image_file', 'failed_to_download_image', 'image_file_not_found'),
  ...codes('content_filter', 'image_content_policy_violation'),
  ...codes('credential_rejected', 'authentication_error', 'unauthenticated', 'unauthorized'),
  ...codes('credential_forbidden', 'permission_error', 'permission_denied', 'permission_denied_error'),
  ...codes('deployment_not_found', 'not_found_error', 'resource_not_found_error', 'not_found'),
  ...codes('request_too_large', 'request_too_large'),
  ...codes('rate_limited', 'rate_limit_error', 'rate_limit_exceeded', 'rate_limit_reached_error', 'ratelimited'),
  ...codes('rate_limited', 'too_many_requests', 'resource_exhausted', 'throttling', 'requests', 'tokens'),
  ...codes('upstream_timeout', 'timeout_error', 'timeout', 'deadline_exceeded'),
])

function classifyStatus(status: number): ErrorCode {
  if (status < 400) return 'upstream_protocol' // a redirect that is not followed
  if (status >= 500)
    return status === 504 || status === 522 || status === 524 ? 'upstream_timeout' : 'upstream_unavailable'
  return byStatus[status] ?? 'upstream_protocol'
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'credential_rejected',
  402: 'credential_exhausted',
  403: 'credential_forbidden',
  404: 'deployment_not_found',
  408: 'upstream_timeout',
  409: 'invalid_request',
  410: 'deployment_not_found',
  413: 'request_too_large',
  422: 'invalid_request',
  424: 'upstream_unavailable', // a model server whose model failed
  425: 'upstream_unavailable',
  429: 'rate_limited',
  451: 'credential_forbidden', // not from this place, or not for this account
  499: 'upstream_unavailable', // some proxy on the way hung up
}

/** What the major services say where their codes do not. Some put a credential's fault into a 400. */
function classifyMessage(status: number, message: string, retryAfterMs: number | undefined): ErrorCode | undefined {
  const mayBeRequest = status < 300 || [400, 403, 413, 422, 451].includes(status)
  const mayBeCredential = status < 300 || [400, 403, 429].includes(status)
  const says = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(message))
  if (mayBeRequest && says(contextTooLong)) return 'context_length_exceeded'
  if (mayBeRequest && says(filtered)) return 'content_filter'
  // Google says "exceeded your current quota" of a limit per minute too, and then for how long.
  if (mayBeCredential && !(status === 429 && retryAfterMs !== undefined) && says(outOfMoney))
    return 'credential_exhausted'
  if ((status === 400 || status === 403) && says(keyNotValid)) return 'credential_rejected'
  if (status === 400 && says(noSuchModel)) return 'deployment_not_found'
  return undefined
}

const contextTooLong: readonly RegExp[] = [
  /maximum (context|model|prompt) length/i, // OpenAI, vLLM, DeepSeek, OpenRouter, xAI
  /prompt is too long|exceeds? (the |its )?context (limit|window|length)/i, // Anthropic
  /exceeds the maximum number of tokens/i, // Google
  /exceeded model token limit|token length too long/i, // Moonshot
  /exceeds the available context size/i, // llama.cpp
  /context length of only|maximum context length/i, // LM Studio, Mistral
  /range of input length should be/i, // DashScope
  /prompt exceeds max length|input is too long for requested model|reduce the length of (the|your) (messages|prompt)/i, // Z.AI, Bedrock, Groq
  /total number of tokens in the prompt cannot exceed/i, // Cohere
  /`inputs` (tokens|must have less than)/i, // Together, TGI
]

const filtered: readonly RegExp[] = [
  /considered high risk/i, // Moonshot
  /content exists risk/i, // DeepSeek
  /(rejected|flagged|blocked) (as a result of|by|as potentially violating) (our|the|its|content|azure)[\w ']*(safety|content|usage|policy|polic|filter|moderation)/i, // OpenAI, Azure, Anthropic
  /violat(es|ing|ed) our (usage|content) polic/i,
  /your input was flagged|input was flagged by/i, // OpenRouter
  /blocked (due to|because of|by) (safety|prohibited)/i, // Google
  /unsafe or sensitive content|inappropriate content/i, // Z.AI, DashScope
]

const outOfMoney: readonly RegExp[] = [
  /credit balance is too low/i, // Anthropic
  /exceeded your current quota|check your plan and billing/i, // OpenAI
  /insufficient (account )?(balance|credits?|funds)|balance is (insufficient|not enough)/i, // DeepSeek, OpenRouter, SiliconFlow
  /(doesn't|does not|don't) have any credits|key limit exceeded/i, // xAI, OpenRouter
]

const keyNotValid: readonly RegExp[] = [/api key not valid|(incorrect|invalid) api key/i] // Google, xAI

const noSuchModel: readonly RegExp[] = [
  /model not exist/i, // DeepSeek
  /\bmodel\b.{0,100}\b(does not exist|is not found|not found|is not supported by any provider)/i,
]
