import { DragomanError, type ErrorCode } from '@dragoman/core'

/** Why a target did not serve. */
export interface Failure {
  readonly provider: string
  readonly error: DragomanError
}

/**
 * What the client is told after every target has failed.
 *
 * The last failure of an upstream in its words, and who else was tried; its 404 only where that was the last word.
 * Failures of our own credentials are ours: a 429 where waiting or paying would help, else 503, with the earliest time
 * and in our own words. They never look like a fault of the client's key, and what a service says about our account is
 * nobody's business but the record's.
 */
export function finalError(failures: readonly Failure[]): DragomanError {
  const last = failures.at(-1)
  if (!last) return new DragomanError('internal', 'No target was tried')
  const upstream = failures.findLast(({ error }) => error.scope === 'upstream' && error.code !== 'deployment_not_found')
  if (upstream) return withTrail(upstream.error, failures)
  if (last.error.code === 'deployment_not_found') return last.error

  const providers = new Set(failures.map(({ provider }) => provider))
  const faults = [...providers].flatMap((provider) => credentialFault(provider, failures))
  const told = faults.length > 0 ? faults : [last.error]
  return summary(told, told.map(({ message }) => message).join('; '))
}

/** What is wrong with a provider's credentials; nothing where none of them was at fault. */
function credentialFault(provider: string, failures: readonly Failure[]): DragomanError | [] {
  const errors = failures.flatMap((failure) => (failure.provider === provider ? failure.error : []))
  const own = errors.filter(({ scope }) => scope === 'credential')
  const verdict = errors.findLast(({ code }) => poolCodes.includes(code))
  // A pool that knows when it can serve again knows more than the attempts of this request have met.
  if (verdict && (verdict.code !== 'no_credential' || verdict.retryAfterMs !== undefined || own.length === 0)) {
    return verdict
  }
  const reasons = new Set(own.map(({ code }) => words[code] ?? code))
  return own.length === 0 ? [] : summary(own, `${provider} has no usable credential: ${[...reasons].join(', ')}`)
}

/** One error of ours for many: what all of them say, else that there is no credential; with the earliest time. */
function summary(errors: readonly DragomanError[], message: string): DragomanError {
  const waits = errors.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  const all = (...codes: ErrorCode[]) => errors.every(({ code }) => codes.includes(code))
  const code = all('rate_limited', 'rate_limit_exceeded')
    ? 'rate_limit_exceeded'
    : all('credential_exhausted', 'insufficient_quota')
      ? 'insufficient_quota'
      : 'no_credential'
  return new DragomanError(code, message, {
    cause: errors.at(-1),
    retryAfterMs: waits.length > 0 ? Math.min(...waits) : undefined,
  })
}

/** What a pool says when it has run dry. */
const poolCodes: readonly ErrorCode[] = ['rate_limit_exceeded', 'insufficient_quota', 'no_credential']

/** Where several failed, their names and how: an upstream's words need not say whose they are. */
function withTrail(error: DragomanError, failures: readonly Failure[]): DragomanError {
  const trail = new Set(failures.map(({ provider, error: { code } }) => `${provider}: ${words[code] ?? code}`))
  if (trail.size === 1) return error
  const { code, param, retryAfterMs, origin, publicCode } = error
  return new DragomanError(code, `${error.message} (tried: ${[...trail].join(', ')})`, {
    param,
    retryAfterMs,
    origin,
    publicCode: publicCode ?? undefined,
    cause: error,
  })
}

const words: Partial<Record<ErrorCode, string>> = {
  rate_limited: 'rate-limited',
  rate_limit_exceeded: 'rate-limited',
  credential_exhausted: 'out of quota',
  insufficient_quota: 'out of quota',
  credential_rejected: 'rejected',
  credential_forbidden: 'forbidden',
  credential_disabled: 'disabled',
}

/** Whether the same target may be asked again when there is no other: not where it would say the same once more. */
export function isWorthRepeating({ code }: DragomanError): boolean {
  return (
    code === 'upstream_unavailable' ||
    code === 'upstream_overloaded' ||
    code === 'upstream_protocol' ||
    code === 'upstream_empty'
  )
}

/** No other call for the same request would fare better, or it was we who ended this one. */
export function isOfRequest({ scope }: DragomanError): boolean {
  return scope !== 'credential' && scope !== 'upstream'
}

const firstWaitMs = 500
const longestWaitMs = 8_000

/** Before the `repeat`th repetition (from 0): full jitter, or what the upstream asked for. Undefined: too long to wait. */
export function backoffMs(repeat: number, error: DragomanError, random: () => number): number | undefined {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs <= longestWaitMs ? error.retryAfterMs : undefined
  return random() * Math.min(firstWaitMs * 2 ** repeat, longestWaitMs)
}
