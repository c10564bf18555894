import { type Credential, DragomanError, type ErrorCode, type Lease, type LeaseOptions, Secret } from '@dragoman/core'
import { type HandClock, handClock } from '@dragoman/testkit'
import type { CredentialSource } from './credential-source.ts'
import { TokenPool } from './pool.ts'
import type { Acquire, PoolEvent, TokenPoolOptions } from './pool-options.ts'

export const ok = { kind: 'ok' } as const
export const aborted = { kind: 'aborted' } as const

export function failed(code: ErrorCode, retryAfterMs?: number, message = 'no') {
  return { kind: 'failed', error: new DragomanError(code, message, { retryAfterMs, origin: 'upstream' }) } as const
}

export function source(name: string, more: Omit<CredentialSource, 'values'> = {}): CredentialSource {
  return { values: { apiKey: new Secret(`sk-key-of-many-characters-${name}`) }, ...more }
}

export interface TestPool {
  readonly pool: TokenPool
  readonly clock: HandClock
  readonly events: PoolEvent[]
}

/** `zai:1` and so on; jitter is none. */
export function poolOf(count: number, options: Partial<TokenPoolOptions> = {}): TestPool {
  const clock = handClock()
  const events: PoolEvent[] = []
  const pool = new TokenPool({
    name: 'zai',
    credentials: Array.from({ length: count }, (_, at) => source(`${at + 1}`)),
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { pool, clock, events }
}

const never = new AbortController().signal

/** A lease that is to be had at once. */
export function leased(pool: TokenPool, options: Partial<LeaseOptions> = {}): Lease {
  const lease = pool.lease({ signal: never, ...options })
  if (lease instanceof Promise) throw new Error('it waits')
  return lease
}

/** A lease that has to be waited for. */
export function awaited(pool: TokenPool, options: Partial<LeaseOptions> = {}): Promise<Lease> {
  const lease = pool.lease({ signal: never, ...options })
  if (!(lease instanceof Promise)) throw new Error('it does not wait')
  return lease
}

/** The error of a lease that is refused at once. */
export function refusalOf(pool: TokenPool, options: Partial<LeaseOptions> = {}): DragomanError {
  try {
    leased(pool, options)
  } catch (error) {
    return error as DragomanError
  }
  throw new Error('it was granted')
}

/** Which credentials so many leases at the same time get. */
export function idsOf(pool: TokenPool, count: number, options: Partial<LeaseOptions> = {}): string[] {
  return Array.from({ length: count }, () => leased(pool, options).credential.id)
}

/** Signs in when a test says so. */
export interface FakeSignIn {
  readonly acquire: Acquire
  readonly calls: { readonly values: Record<string, string>; readonly signal: AbortSignal }[]
  /** Answers the oldest call that waits. */
  resolve(credential?: { token?: string; expiresAt?: number | undefined }): Promise<void>
  reject(error: DragomanError): Promise<void>
}

export function fakeSignIn(): FakeSignIn {
  const calls: FakeSignIn['calls'] = []
  const waiting: { resolve(credential: Credential): void; reject(error: unknown): void }[] = []
  const next = () => {
    const first = waiting.shift()
    if (!first) throw new Error('nobody signs in')
    return first
  }
  let sessions = 0
  return {
    calls,
    acquire(credential, { signal }) {
      calls.push({ values: revealed(credential), signal })
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    async resolve({ token = `session-${++sessions}`, expiresAt } = {}) {
      next().resolve({ id: 'its own', values: { token: new Secret(token) }, expiresAt })
      await turn()
    },
    async reject(error) {
      next().reject(error)
      await turn()
    },
  }
}

export function revealed({ values }: Pick<Credential, 'values'>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.reveal()]))
}

/** What was ready has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
