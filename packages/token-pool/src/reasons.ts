import { type Credential, DragomanError, type ErrorCode } from '@dragoman/core'
import { restOf } from './cooldown.ts'
import { credentialOf, type Slot } from './slot.ts'

const words: { readonly [code in ErrorCode]?: string } = {
  rate_limited: 'rate-limited',
  credential_exhausted: 'out of quota',
  credential_forbidden: 'refused (403)',
  credential_rejected: 'rejected (401)',
  credential_disabled: 'banned or closed',
  upstream_challenge: 'asked for a captcha, a person has to look',
}

const NAMED = 5
const MAX_LENGTH = 300
/** Shorter values are words that messages may hold by chance. */
const LEAST_SECRET = 6
/** Somebody is just trying: whether it works again is known about then. */
const PROBE_MS = 1_000

/** What a status says: our word for the failure, and the upstream's, without the credential's own values. */
export function reasonOf(error: DragomanError, credentials: readonly Credential[]): string {
  const word = words[error.code] ?? error.code
  const message = withoutSecrets(error.message, credentials)
  return message === '' ? word : `${word}: ${message}`
}

/** Services quote what they were sent. */
export function withoutSecrets(text: string, credentials: readonly Credential[]): string {
  const secrets = credentials.flatMap(({ values }) => Object.values(values).map((value) => value.reveal()))
  let safe = text
  // The longest first: one value may be a part of another.
  for (const secret of secrets.sort((a, b) => b.length - a.length)) {
    if (secret.length >= LEAST_SECRET) safe = safe.replaceAll(secret, '[secret]')
  }
  return safe.slice(0, MAX_LENGTH)
}

/** Why a credential is out, for the model. Undefined where it is not. Times by `clock.elapsed()`. */
interface Absence {
  readonly why: string
  readonly code: ErrorCode | undefined
  /** When it ends by itself, and is said to. */
  readonly until?: number | undefined
  /** The same where nobody can know: when to ask again. */
  readonly askAgainAt?: number | undefined
}

function absenceOf(slot: Slot, model: string | undefined, now: number): Absence | undefined {
  const { health, session } = slot
  if (health.disabled) {
    const { code, reason } = health.disabled
    return { why: `is disabled (${(code && words[code]) ?? reason})`, code }
  }
  const rest = restOf(health, model, now)
  if (rest) {
    const word = words[rest.code] ?? rest.code
    if (rest.probe !== undefined)
      return { why: `was ${word} and is being tried`, code: rest.code, askAgainAt: now + PROBE_MS }
    return { why: `is ${word}`, code: rest.code, until: rest.until }
  }
  if (session?.failure && !session.isUsable(now) && !session.renewal && session.retryAt > now) {
    return { why: signInFailed(session.failure), code: undefined, until: session.retryAt }
  }
  return undefined
}

export function signInFailed(error: DragomanError): string {
  return `sign-in failed: ${error.code}`
}

/** Why there is none to be had for a lease, now. Times by `clock.elapsed()`; `unixOf` makes Unix milliseconds of them. */
export function refusal(
  pool: string,
  slots: readonly Slot[],
  model: string | undefined,
  now: number,
  unixOf: (time: number) => number,
): DragomanError {
  if (slots.length === 0) return new DragomanError('no_credential', `${pool} has no credential`)
  const absences = slots.map((slot) => absenceOf(slot, model, now))
  if (absences.includes(undefined)) return new DragomanError('no_credential', 'Every credential has been tried')
  const ends = absences.flatMap((absence) => absence?.until ?? absence?.askAgainAt ?? [])
  const described = absences.map((absence, at) => {
    const until = absence?.until === undefined ? '' : ` until ${instant(unixOf(absence.until))}`
    return `${slots[at]?.id} ${absence?.why}${until}`
  })
  const all = (code: ErrorCode) => absences.every((absence) => absence?.code === code)
  const code = all('rate_limited')
    ? 'rate_limit_exceeded'
    : all('credential_exhausted')
      ? 'insufficient_quota'
      : 'no_credential'
  return new DragomanError(code, `${pool} has no usable credential: ${list(described)}`, {
    retryAfterMs: ends.length === 0 ? undefined : Math.max(0, Math.ceil(Math.min(...ends) - now)),
  })
}

/** What somebody waited for in vain. */
export function waitedInVain(
  pool: string,
  slots: readonly Slot[],
  { model, exclude }: { readonly model?: string | undefined; readonly exclude?: ReadonlySet<Credential> | undefined },
  waitMs: number,
  maxConcurrent: number,
  now: number,
): DragomanError {
  const awaited = slots.flatMap((slot) => {
    if (restOf(slot.health, model, now)) return []
    if (slot.standing === 'renewing' || slot.standing === 'asleep') return `${slot.id} is signing in`
    if (slot.standing !== 'full' || exclude?.has(credentialOf(slot))) return []
    return `${slot.id} is at its limit of ${maxConcurrent}`
  })
  return new DragomanError('no_credential', `${pool} had no free credential within ${waitMs} ms: ${list(awaited)}`)
}

function list(parts: readonly string[]): string {
  const named = parts.slice(0, NAMED).join(', ')
  return parts.length > NAMED ? `${named} and ${parts.length - NAMED} more` : named
}

function instant(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
