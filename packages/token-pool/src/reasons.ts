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

/** Where all are out for the same reason, that is the answer. */
const publicCodes: { readonly [code in ErrorCode]?: ErrorCode } = {
  rate_limited: 'rate_limit_exceeded',
  credential_exhausted: 'insufficient_quota',
  upstream_challenge: 'upstream_challenge',
}

/** What a person can do, in place of a captcha that nobody here answers. */
const challengeAdvice = 'give a token of a session that you have signed in to yourself, or use the documented API'

const NAMED = 5
const MAX_LENGTH = 300
const HIDDEN = '[secret]'
/** Shorter values are parts of words that messages may hold by chance: they are hidden where they stand alone. */
const LONG_SECRET = 6
/** Shorter ones are not hidden: too many words would be. */
const LEAST_SECRET = 4
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
    if (secret.length >= LONG_SECRET) safe = safe.replaceAll(secret, HIDDEN)
    else if (secret.length >= LEAST_SECRET) safe = safe.replace(wordOf(secret), HIDDEN)
  }
  return safe.slice(0, MAX_LENGTH)
}

function wordOf(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'gu')
}

/** Why a credential is out, for the model. Times by `clock.elapsed()`. */
interface Absence {
  /** What it has in common with others. */
  readonly code: ErrorCode | undefined
  /** When it ends by itself; Infinity where it does not. */
  readonly until: number
  /** Somebody tries it: nobody can know when that ends. */
  readonly isTried?: boolean | undefined
}

function absenceOf({ health, session }: Slot, model: string | undefined, now: number): Absence | undefined {
  if (health.disabled) return { code: health.disabled.code, until: Number.POSITIVE_INFINITY }
  const rest = restOf(health, model, now)
  if (rest?.probe !== undefined) return { code: rest.code, until: now + PROBE_MS, isTried: true }
  if (rest) return rest
  if (session?.failure && !session.isUsable(now) && !session.renewal && session.retryAt > now) {
    return { code: undefined, until: session.retryAt }
  }
  return undefined
}

/** For clients: what an operator wrote for himself is not in it. */
function described({ id, health, session }: Slot, { code, until, isTried }: Absence, unixOf: Unix): string {
  const word = code && (words[code] ?? code)
  if (health.disabled) return `${id} is disabled${word ? ` (${word})` : ''}`
  if (isTried) return `${id} was ${word} and is being tried`
  const why = word === undefined && session?.failure ? signInFailed(session.failure) : `is ${word}`
  return `${id} ${why} until ${instant(unixOf(until))}`
}

type Unix = (time: number) => number

export function signInFailed(error: DragomanError): string {
  return `sign-in failed: ${error.code}`
}

/** Why there is none to be had for a lease, now. Times by `clock.elapsed()`; `unixOf` makes Unix milliseconds of them. */
export function refusal(
  pool: string,
  slots: readonly Slot[],
  model: string | undefined,
  now: number,
  unixOf: Unix,
): DragomanError {
  if (slots.length === 0) return new DragomanError('no_credential', `${pool} has no credential`)
  const named: string[] = []
  const codes = new Set<ErrorCode | undefined>()
  let end = Number.POSITIVE_INFINITY
  for (const slot of slots) {
    const absence = absenceOf(slot, model, now)
    if (!absence) return new DragomanError('no_credential', 'Every credential has been tried')
    if (named.length < NAMED) named.push(described(slot, absence, unixOf))
    codes.add(absence.code)
    end = Math.min(end, absence.until)
  }
  const [first, ...others] = codes
  const code = (others.length === 0 && first && publicCodes[first]) || 'no_credential'
  const advice = code === 'upstream_challenge' ? `; ${challengeAdvice}` : ''
  return new DragomanError(code, `${pool} has no usable credential: ${list(named, slots.length)}${advice}`, {
    retryAfterMs: end === Number.POSITIVE_INFINITY ? undefined : Math.max(0, Math.ceil(end - now)),
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
  const awaited = slots.filter(
    (slot) =>
      !restOf(slot.health, model, now) &&
      (isSigningIn(slot) || (slot.standing === 'full' && !exclude?.has(credentialOf(slot)))),
  )
  const named = awaited
    .slice(0, NAMED)
    .map((slot) => `${slot.id} ${isSigningIn(slot) ? 'is signing in' : `is at its limit of ${maxConcurrent}`}`)
  const message = `${pool} had no free credential within ${waitMs} ms: ${list(named, awaited.length)}`
  return new DragomanError('no_credential', message)
}

function isSigningIn({ standing }: Slot): boolean {
  return standing === 'renewing' || standing === 'asleep'
}

function list(named: readonly string[], count: number): string {
  return named.join(', ') + (count > named.length ? ` and ${count - named.length} more` : '')
}

function instant(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
