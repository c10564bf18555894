import { readDuration } from './retry-after.ts'

/** What the body of an error says, whatever its shape. */
export interface ErrorBody {
  readonly message: string | undefined
  /** The upstream's own code, where it is a word. */
  readonly code: string | undefined
  /** All words that may name the error, that code and types, most exact first, as they were sent. */
  readonly codes: readonly string[]
  readonly param: string | undefined
  /** A status that the body itself names, as in-band errors do. */
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** Whether a JSON answer is an error in spite of its status: it has an `error` that says something. */
export function isErrorBody(json: unknown): boolean {
  const value = unwrap(json)
  // Asked of every answer, so nothing is copied.
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined
  return (typeof error === 'object' && error !== null) || (typeof error === 'string' && error !== '')
}

/**
 * Reads `{error: {message, type, param, code}}`, `{error: 'text'}`, `{message}`, `{detail}`, FastAPI's
 * `{detail: [{loc, msg}]}`, `{errors: [...]}`, Anthropic's `{type: 'error', error}`, Google's
 * `[{error: {code, message, status, details}}]`, and `{success: false, data: {code, details}}`.
 */
export function readErrorBody(json: unknown): ErrorBody {
  const outer = fieldsOf(unwrap(json))
  const inner = innerOf(outer)
  const issue = firstIssue(outer)
  const details = Array.isArray(inner.details) ? inner.details.map(fieldsOf) : []
  const message = firstText(
    typeof outer.error === 'string' ? outer.error_description : undefined,
    inner.message,
    typeof outer.error === 'string' ? outer.error : undefined,
    inner.detail,
    issue.msg,
    issue.message,
    outer.message,
    outer.detail,
    outer.msg,
    inner.msg,
    inner.details,
  )
  return {
    message,
    code: firstText(inner.code, fieldsOf(inner.innererror).code, inner.error_code, outer.code),
    codes: [
      inner.code,
      fieldsOf(inner.innererror).code,
      inner.error_code,
      outer.code,
      inner.type,
      inner.status,
      ...details.map((detail) => detail.reason),
      outer.type,
      typeof outer.error === 'string' ? outer.error : undefined,
    ].filter((code): code is string => typeof code === 'string' && code !== ''),
    param: firstText(inner.param) ?? pathOf(issue.loc ?? issue.path),
    status: [inner.code, inner.status, inner.http_code, outer.code, outer.status].map(readStatus).find(Boolean),
    retryAfterMs: readRetry(inner, details, message),
  }
}

/** Vertex's OpenAI endpoint puts its errors into an array of one. */
function unwrap(json: unknown): unknown {
  return Array.isArray(json) ? json[0] : json
}

function innerOf(outer: Fields): Fields {
  if (typeof outer.error === 'object' && outer.error !== null) return fieldsOf(outer.error)
  if (outer.success === false) return fieldsOf(outer.data)
  return typeof outer.detail === 'object' && !Array.isArray(outer.detail) ? fieldsOf(outer.detail) : outer
}

function firstIssue(outer: Fields): Fields {
  const issues = [outer.detail, outer.errors].find(Array.isArray)
  const [first] = issues ?? []
  return typeof first === 'string' ? { msg: first } : fieldsOf(first)
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '')?.trim()
}

/** `['body', 'messages', 0, 'role']` -> `messages[0].role` */
function pathOf(loc: unknown): string | undefined {
  if (typeof loc === 'string' && loc !== '') return loc
  if (!Array.isArray(loc)) return undefined
  const steps = loc[0] === 'body' ? loc.slice(1) : loc
  const path = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return path.replace(/^\./, '') || undefined
}

function readStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined
}

function readRetry(inner: Fields, details: readonly Fields[], message: string | undefined): number | undefined {
  for (const seconds of [inner.resets_in_seconds, inner.retry_after, fieldsOf(inner.metadata).retry_after]) {
    if (typeof seconds === 'number' && seconds >= 0) return Math.ceil(seconds * 1000)
  }
  for (const { retryDelay } of details) {
    const wait = typeof retryDelay === 'string' ? readDuration(retryDelay) : undefined
    if (wait !== undefined) return wait
  }
  const [, wait, word] = /(?:try|retry) again (?:in|after) ([\d.]+[\d.dhms]*)( ?seconds?)?/i.exec(message ?? '') ?? []
  if (wait === undefined) return undefined
  return readDuration(wait.replace(/\.$/, '')) ?? (word ? readDuration(`${wait}s`) : undefined)
}
