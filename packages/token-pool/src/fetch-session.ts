import { type Clock, type Credential, DragomanError, isDragomanError, Secret, untilAborted } from '@dragoman/core'
import { sessionKey } from './fingerprint.ts'
import type { Acquire, TokenPoolOptions } from './pool-options.ts'
import type { SessionState } from './session-state.ts'
import type { SessionVault, StoredSession } from './session-vault.ts'

export interface SessionTools {
  /** The pool's. */
  readonly name: string
  readonly places?: string | undefined
  readonly clock: Clock
  readonly acquire: Acquire
  readonly acquireTimeoutMs: number
  readonly vault?: SessionVault | undefined
  readonly lock?: TokenPoolOptions['lock']
}

export interface SessionRequest {
  readonly source: Credential
  readonly fingerprint: string
  readonly session: SessionState
  /** Somebody wants a new one: a stored one that was not known yet is no answer. */
  readonly isForced: boolean
  readonly signal: AbortSignal
  /** The service has answered: what follows is short, and must not be cut off. */
  readonly answered: () => void
  /** The vault did not do its part; the session is used all the same. */
  readonly notStored: (reason: string) => void
}

export interface FetchedSession {
  readonly credential: Credential
  /** It was in the vault, and not fetched by us. */
  readonly isTaken: boolean
}

/** What is left of a lock after the time that an acquisition may take: for the vault's own work. */
const LOCK_GRACE_MS = 30_000
const LOOK_AGAIN_MS = 250

/** Takes a session that somebody stored, or signs in and stores it. Rejects as `acquire` does, or as the signal says. */
export async function fetchSession(request: SessionRequest, tools: SessionTools): Promise<FetchedSession> {
  const { vault, lock = vault?.lock.bind(vault) } = tools
  if (!vault && !lock) return { credential: await acquired(request, tools), isTaken: false }
  const { session, isForced } = request
  const key = session.key ?? (await sessionKey(tools.name, request.fingerprint, tools.places))
  session.key = key
  const look = () => storedNews(key, request, tools)

  if (!session.hasLoaded) {
    const credential = await look()
    if (credential && !session.current && !isForced) return { credential, isTaken: true }
  }
  const locked = lock ? await lockedOrTaken(key, lock, look, request, tools) : {}
  if (locked.taken) return { credential: locked.taken, isTaken: true }
  try {
    // Whoever held the lock before has probably done the work.
    const news = lock ? await look() : undefined
    if (news) return { credential: news, isTaken: true }
    const credential = await acquired(request, tools)
    if (vault) await save(key, credential, vault, request, tools.clock)
    return { credential, isTaken: false }
  } finally {
    await locked.unlock?.().catch(() => {
      // It ends by its time; the session that was fetched is worth more than the complaint.
    })
  }
}

async function acquired(
  { source, session, signal, answered }: SessionRequest,
  { acquire }: SessionTools,
): Promise<Credential> {
  const call = async (credential: Credential) => {
    let answer: Credential | undefined
    const asked = acquire(credential, { signal }).then((given) => {
      answered()
      answer = { id: source.id, values: given.values, expiresAt: given.expiresAt }
      return answer
    })
    try {
      return await untilAborted(asked, signal)
    } catch (error) {
      // It came at the moment of the abort. The token that it replaces may be void already.
      if (answer) return answer
      throw error
    }
  }
  const { latest } = session
  if (!latest) return call(source)
  try {
    return await call({ id: source.id, values: { ...source.values, ...latest.values } })
  } catch (error) {
    // A refresh token that was used or revoked; the password may still do.
    if (!isDragomanError(error) || error.code !== 'credential_rejected' || signal.aborted) throw error
    return call(source)
  }
}

/** What the vault holds, where somebody else saved it since we looked and it could serve. */
async function storedNews(
  key: string,
  { source, session, signal, notStored }: SessionRequest,
  { vault, clock }: SessionTools,
): Promise<Credential | undefined> {
  if (!vault) return undefined
  let stored: StoredSession | undefined
  try {
    stored = await untilAborted(vault.load(key), signal)
  } catch (error) {
    if (signal.aborted) throw error
    notStored(messageOf(error))
    return undefined
  }
  session.hasLoaded = true
  if (!stored || (session.stored && stored.savedAt <= session.stored.savedAt)) return undefined
  session.stored = stored
  const credential = fromStored(source.id, stored)
  const isRejected = session.isRejected && session.current && hasValues(session.current.credential, stored.values)
  if (isRejected) return undefined
  session.latest = credential
  return stored.expiresAt !== undefined && stored.expiresAt <= clock.now() ? undefined : credential
}

async function lockedOrTaken(
  key: string,
  lock: SessionVault['lock'],
  look: () => Promise<Credential | undefined>,
  { signal, notStored }: SessionRequest,
  { clock, acquireTimeoutMs }: SessionTools,
): Promise<{ readonly unlock?: (() => Promise<void>) | undefined; readonly taken?: Credential | undefined }> {
  for (;;) {
    const asked = lock(`session:${key}`, acquireTimeoutMs + LOCK_GRACE_MS)
    let unlock: (() => Promise<void>) | undefined
    try {
      unlock = await untilAborted(asked, signal)
    } catch (error) {
      if (signal.aborted) {
        // One that comes too late is given back.
        asked.then((late) => late?.()).catch(() => {})
        throw error
      }
      // Two processes that renew at once are better than none that does.
      notStored(messageOf(error))
      return {}
    }
    if (unlock) return { unlock }
    await pause(clock, LOOK_AGAIN_MS, signal)
    const taken = await look()
    if (taken) return { taken }
  }
}

/** Before it is used: a refresh token that was rotated is the only one, and must survive whatever happens next. */
async function save(
  key: string,
  { values, expiresAt }: Credential,
  vault: SessionVault,
  { session, signal, notStored }: SessionRequest,
  clock: Clock,
): Promise<void> {
  const now = clock.now()
  const stored: StoredSession = {
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.reveal()])),
    // What had expired when it was new is not to be believed by the next reader either.
    expiresAt: expiresAt !== undefined && expiresAt > now ? expiresAt : undefined,
    // Later than the one before it, also by a clock that was set back.
    savedAt: Math.max(now, (session.stored?.savedAt ?? 0) + 1),
  }
  try {
    const saved = vault.save(key, stored)
    await (signal.aborted ? saved : untilAborted(saved, signal))
    session.stored = stored
  } catch (error) {
    notStored(messageOf(error))
  }
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const leave = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.schedule(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', leave)
  })
}

function fromStored(id: string, { values, expiresAt }: StoredSession): Credential {
  const secrets = Object.entries(values).map(([name, value]): [string, Secret] => [name, new Secret(value)])
  return { id, values: Object.fromEntries(secrets), expiresAt }
}

function hasValues({ values }: Credential, stored: StoredSession['values']): boolean {
  const names = Object.keys(stored)
  return names.length === Object.keys(values).length && names.every((name) => values[name]?.reveal() === stored[name])
}

/** Vaults promise messages without secrets. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the vault failed'
}

export function tookTooLong(id: string, timeoutMs: number): DragomanError {
  return new DragomanError('upstream_timeout', `${id} had no new session within ${timeoutMs} ms`)
}
