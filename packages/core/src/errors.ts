import type { CallerSignal } from './caller-signal.ts'
/** Who is at fault, and so what may be tried next. The gateway branches on this and on nothing else. */
export type ErrorScope =
  /** The caller's request: returned at once. */
  | 'request'
  /** The caller's access: returned at once. */
  | 'client'
  /** One key or session: renew or rest it, try the next credential. */
  | 'credential'
  /** One deployment: rest it, try the next one. */
  | 'upstream'
  /** Ourselves: returned at once. */
  | 'gateway'
  /** Nobody: the caller left. */
  | 'aborted'

interface ErrorRow {
  /** HTTP status of an answer to the client. */
  readonly status: number
  /** `error.type` of an OpenAI error body. */
  readonly type: string
  /** `error.type` of an Anthropic Messages error body. */
  readonly messagesType: string
  /** `error.code` of an OpenAI error body, unless the error carries a more exact one. */
  readonly publicCode: string | null
  readonly scope: ErrorScope
}

function row(
  scope: ErrorScope,
  status: number,
  type: string,
  messagesType: string,
  publicCode: string | null,
): Readonly<ErrorRow> {
  return { status, type, messagesType, publicCode, scope }
}

const invalid = 'invalid_request_error'

/**
 * The only vocabulary of errors, and the whole policy: a code's row says what the client sees and what the gateway
 * does next. `credential` rows are what somebody sees who uses one provider alone, with a key of his own; the gateway
 * never lets them out, because its clients did not bring that key (`no_credential` and the 429s stand in for them).
 */
export const errorTable = {
  invalid_request: row('request', 400, invalid, invalid, null),
  unsupported_parameter: row('request', 400, invalid, invalid, 'unsupported_parameter'),
  unsupported_value: row('request', 400, invalid, invalid, 'unsupported_value'),
  unsupported_endpoint: row('request', 400, invalid, invalid, 'unsupported_endpoint'),
  context_length_exceeded: row('request', 400, invalid, invalid, 'context_length_exceeded'),
  content_filter: row('request', 400, invalid, invalid, 'content_filter'),
  /** We know no such model; nothing was called. */
  model_not_found: row('request', 404, invalid, 'not_found_error', 'model_not_found'),
  unknown_url: row('request', 404, invalid, 'not_found_error', 'unknown_url'),
  /** An object by its id, such as a stored response. */
  not_found: row('request', 404, invalid, 'not_found_error', null),
  method_not_allowed: row('request', 405, invalid, invalid, 'method_not_allowed'),
  /** An `Idempotency-Key` under which something else was asked, or is being asked elsewhere. */
  idempotency_conflict: row('request', 409, invalid, invalid, 'idempotency_conflict'),
  request_too_large: row('request', 413, invalid, 'request_too_large', 'request_too_large'),
  unsupported_media_type: row('request', 415, invalid, invalid, 'unsupported_media_type'),
  /** A WebSocket was asked for where there is none: clients go on over HTTP. */
  upgrade_required: row('request', 426, invalid, invalid, 'upgrade_required'),

  invalid_api_key: row('client', 401, invalid, 'authentication_error', 'invalid_api_key'),
  permission_denied: row('client', 403, 'permission_error', 'permission_error', null),
  rate_limit_exceeded: row('client', 429, 'rate_limit_error', 'rate_limit_error', 'rate_limit_exceeded'),
  insufficient_quota: row('client', 429, 'insufficient_quota', 'rate_limit_error', 'insufficient_quota'),

  /** The upstream's 401. */
  credential_rejected: row('credential', 401, invalid, 'authentication_error', 'invalid_api_key'),
  /** The upstream's 403 that names no banned account: rests this credential for this model. */
  credential_forbidden: row('credential', 403, 'permission_error', 'permission_error', null),
  /** Out of money or quota: waiting a minute does not help. */
  credential_exhausted: row('credential', 429, 'insufficient_quota', 'rate_limit_error', 'insufficient_quota'),
  /** The upstream's 429. */
  rate_limited: row('credential', 429, 'rate_limit_error', 'rate_limit_error', 'rate_limit_exceeded'),
  /** Only where the provider names a banned or closed account. */
  credential_disabled: row('credential', 403, 'permission_error', 'permission_error', null),

  /** Refused, reset or unreachable, or the upstream's 5xx. */
  upstream_unavailable: row('upstream', 502, 'server_error', 'api_error', 'upstream_unavailable'),
  /** It answered something that is not its protocol: HTML, broken JSON, a stream without an end. */
  upstream_protocol: row('upstream', 502, 'server_error', 'api_error', 'upstream_protocol'),
  upstream_empty: row('upstream', 502, 'server_error', 'api_error', 'upstream_empty'),
  /** It says itself that it has too much to do: a 529, or a word of that meaning. */
  upstream_overloaded: row('upstream', 503, 'server_error', 'overloaded_error', 'overloaded'),
  upstream_timeout: row('upstream', 504, 'server_error', 'timeout_error', 'upstream_timeout'),
  /** The upstream's 404: this deployment is not there, others may be. */
  deployment_not_found: row('upstream', 404, invalid, 'not_found_error', 'model_not_found'),
  /** It asks for a captcha or a browser check. We never solve one: a person has to act. */
  upstream_challenge: row('upstream', 502, 'server_error', 'api_error', 'upstream_challenge'),

  no_credential: row('gateway', 503, 'server_error', 'overloaded_error', 'no_credential'),
  overloaded: row('gateway', 503, 'server_error', 'overloaded_error', 'overloaded'),
  internal: row('gateway', 500, 'server_error', 'api_error', null),

  /** The caller left; the status is for records only, nobody receives it. */
  aborted: row('aborted', 499, invalid, invalid, 'aborted'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

export interface DragomanErrorOptions {
  /** The field at fault, `messages[1].content[0].type`. */
  param?: string | undefined
  /** How long to wait before the same thing may work, in milliseconds. The true time, uncapped. */
  retryAfterMs?: number | undefined
  /** Whose words these are. Default `gateway`. */
  origin?: 'gateway' | 'upstream' | undefined
  /** A more exact `error.code` for the client than the row's, such as the upstream's own. */
  publicCode?: string | undefined
  cause?: unknown
}

const brand = Symbol.for('dragoman.error')

/**
 * Every error that leaves a package of ours. The message is one sentence for the person who must act and holds no
 * secret. Test with `isDragomanError`, which holds across two copies of this package, and branch on `code` or `scope`.
 */
export class DragomanError extends Error {
  override readonly name = 'DragomanError'
  readonly code: ErrorCode
  readonly scope: ErrorScope
  readonly param: string | undefined
  readonly retryAfterMs: number | undefined
  readonly origin: 'gateway' | 'upstream'
  /** `error.code` for the client. */
  readonly publicCode: string | null
  readonly [brand] = true

  constructor(code: ErrorCode, message: string, options: DragomanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.scope = errorTable[code].scope
    this.param = options.param
    this.retryAfterMs = options.retryAfterMs
    this.origin = options.origin ?? 'gateway'
    this.publicCode = options.publicCode ?? errorTable[code].publicCode
  }

  /** HTTP status of an answer to the client. */
  get status(): number {
    return errorTable[this.code].status
  }
}

export function isDragomanError(value: unknown): value is DragomanError {
  return typeof value === 'object' && value !== null && brand in value
}

/** A `DragomanError` as it is; an abort as `aborted`; anything else as `internal`, with the original as its cause. */
export function toDragomanError(value: unknown, signal?: Pick<CallerSignal, 'aborted' | 'reason'>): DragomanError {
  if (isDragomanError(value)) return value
  if (signal?.aborted) {
    return isDragomanError(signal.reason)
      ? signal.reason
      : new DragomanError('aborted', 'The caller left', { cause: value })
  }
  return new DragomanError('internal', 'Something went wrong inside the gateway', { cause: value })
}
