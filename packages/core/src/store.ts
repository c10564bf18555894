import type { Usage } from '@dragoman/openai-schema'
import { type Clock, systemClock } from './clock.ts'
import type { ErrorCode } from './errors.ts'
import type { Dialect, Endpoint } from './provider.ts'

/** Small values that expire: nonces, conversations, counters, locks. Shared between instances where its driver is. */
export interface StateStore {
  get(key: string): Promise<string | undefined>
  /** False when `ifAbsent` was asked and there was a value. */
  set(key: string, value: string, options?: { ttlMs?: number; ifAbsent?: boolean }): Promise<boolean>
  /** The new value. `ttlMs` counts from the first increment. */
  increment(key: string, by: number, options: { ttlMs: number }): Promise<number>
  delete(key: string): Promise<void>
  /** Undefined when somebody else holds it. */
  lock(key: string, ttlMs: number): Promise<Unlock | undefined>
  /** Sets `value` only where the present value is `expected` (undefined: absent). */
  compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    options?: { ttlMs?: number },
  ): Promise<boolean>
  /**
   * Keys that start with `prefix`, in no order, page by page: a key that is there all the while is given once, whatever
   * becomes of others in between.
   */
  scan(prefix: string, limit: number, cursor?: string): Promise<{ keys: readonly string[]; cursor?: string }>
}

export type Unlock = () => Promise<void>

/** One request, as it is kept. Holds no body and no secret. */
export interface LogEntry {
  readonly id: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  readonly dialect: Dialect
  /** What was asked for, where it was no chat. */
  readonly endpoint?: Endpoint | undefined
  /** Id of the client key; `open` where none is asked for. */
  readonly client: string
  /** What the client asked for. */
  readonly model: string
  readonly streamed: boolean
  /** The client's status; 499 when it left. A stream that broke after its head keeps 200 and has an `error`. */
  readonly status: number
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined
  /** Every call that was made, in order. The last one served the client, when there is no `error`. */
  readonly attempts: readonly AttemptEntry[]
  /** From the start to the first output. */
  readonly firstTokenMs?: number | undefined
  readonly finishReason?: string | undefined
  /** As the upstream reported it, or estimated and marked. */
  readonly usage?: Usage | undefined
  /** What its attempts cost, in USD, those whose price is known; undefined where it is of none, which is not nothing. */
  readonly cost?: number | undefined
  /** What answered in place of an upstream: an answer that was kept, or another request's with the same idempotency key. */
  readonly answeredBy?: 'cache' | 'idempotency' | undefined
  /** Fields that the upstream could not honour. */
  readonly dropped: readonly string[]
}

export interface AttemptEntry {
  readonly provider: string
  /** The upstream's model id. */
  readonly model: string
  readonly credential?: string | undefined
  readonly startedAt: number
  readonly durationMs: number
  /** Where its last request went: scheme, host and port. */
  readonly origin?: string | undefined
  /** Status of the upstream's response, where one came. */
  readonly upstreamStatus?: number | undefined
  /** Whether the upstream's own bytes were handed on. */
  readonly relayed: boolean
  /** What stood against that. */
  readonly parsedBecause?: string | undefined
  /** What was read out of the model's text, where there was something. */
  readonly markup?: NormalizedMarkup | undefined
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined
  /** What it used, where it gave output; the last attempt's is the record's. */
  readonly usage?: Usage | undefined
  /** What that cost, in USD. */
  readonly cost?: number | undefined
  /** Parts of `usage` are more than their whole; the cost is of what is possible of it. */
  readonly contradictory?: boolean | undefined
  /** The model group that the target belongs to, where it is not the one that was asked for. */
  readonly fallback?: string | undefined
  /** Calls that were made in it where a tool call was insisted on; 0 where the turn was over and nobody was called. */
  readonly rounds?: number | undefined
  /** No tool call could be had in any of them. */
  readonly toolEnforcement?: 'exhausted' | undefined
  /** A second call while another one was still awaited. */
  readonly hedge?: boolean | undefined
  /** What this call went on with had been begun by an earlier one that was cut. */
  readonly continues?: boolean | undefined
}

/** Markup in a model's text that became fields of its answer. */
export interface NormalizedMarkup {
  /** The format that it was read as. */
  readonly format: string
  /** Tool calls that stood in the text. */
  readonly calls: number
  /** How often each kind of repair was made. */
  readonly repairs: Readonly<Record<string, number>>
}

/** A `StateStore` of this process, gone with it. Keeps at most `maxEntries`; the oldest leave first. */
export function memoryState(options: { clock?: Clock; maxEntries?: number } = {}): StateStore {
  const { clock = systemClock, maxEntries = 100_000 } = options
  const entries = new Map<string, { value: string; expiresAt: number }>()

  const live = (key: string) => {
    const entry = entries.get(key)
    if (entry && entry.expiresAt <= clock.now()) {
      entries.delete(key)
      return undefined
    }
    return entry
  }
  const put = (key: string, value: string, expiresAt: number) => {
    entries.delete(key)
    entries.set(key, { value, expiresAt })
    if (entries.size > maxEntries) {
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    }
  }
  const expiry = (ttlMs: number | undefined) => (ttlMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttlMs)

  return {
    async get(key) {
      return live(key)?.value
    },
    async set(key, value, { ttlMs, ifAbsent = false } = {}) {
      if (ifAbsent && live(key)) return false
      put(key, value, expiry(ttlMs))
      return true
    },
    async increment(key, by, { ttlMs }) {
      const before = live(key)
      const after = Number(before?.value ?? 0) + by
      put(key, String(after), before?.expiresAt ?? expiry(ttlMs))
      return after
    },
    async delete(key) {
      entries.delete(key)
    },
    async lock(key, ttlMs) {
      if (live(key)) return undefined
      // Whoever holds an expired lock must not open its successor's.
      const mine = crypto.randomUUID()
      put(key, mine, expiry(ttlMs))
      return async () => {
        if (live(key)?.value === mine) entries.delete(key)
      }
    },
    async compareAndSet(key, expected, value, { ttlMs } = {}) {
      if (live(key)?.value !== expected) return false
      put(key, value, expiry(ttlMs))
      return true
    },
    async scan(prefix, limit, cursor) {
      // In an order of their own, and from a key on, not from a number: others may go between two pages, or come anew.
      const matching = [...entries.keys()]
        .filter((key) => key.startsWith(prefix) && (cursor === undefined || key > cursor) && live(key))
        .sort()
      const keys = matching.slice(0, limit)
      const last = keys.at(-1)
      return matching.length > limit && last !== undefined ? { keys, cursor: last } : { keys }
    },
  }
}
