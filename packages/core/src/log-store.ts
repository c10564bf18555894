import type { ErrorCode } from './errors.ts'
import type { LogEntry } from './store.ts'

/** The four bodies of a request. The upstream's two are those of the last attempt. */
export const bodyKinds = ['client-request', 'client-response', 'upstream-request', 'upstream-response'] as const

export type BodyKind = (typeof bodyKinds)[number]

/** A stream: what came, and when each piece did. */
export interface StreamedBody {
  readonly pieces: readonly (string | Uint8Array)[]
  /** Milliseconds from the start of the request, one for each piece. */
  readonly atMs: readonly number[]
}

/** A body to be kept. It must not change after it was handed over until the next turn of the event loop. */
export type LogBody = string | Uint8Array | StreamedBody

/** What can be found by its words; the error's message is taken from the entry. Only the beginning of each is indexed. */
export interface LogText {
  /** The last text of the user. */
  readonly user?: string | undefined
  readonly answer?: string | undefined
  /** Names of the tools that were called. */
  readonly tools?: readonly string[] | undefined
}

/** What only the policy `full` keeps. Leave it out, and no word of a body is written anywhere. */
export interface LogDetails {
  readonly bodies?: { readonly [K in BodyKind]?: LogBody | undefined } | undefined
  readonly text?: LogText | undefined
}

/** Every condition that is there has to hold. Names are whole and exact. */
export interface LogFilter {
  /** Unix milliseconds at which the request began; from it on. */
  readonly from?: number | undefined
  /** Up to it, without it. */
  readonly to?: number | undefined
  /** What the client asked for. */
  readonly model?: string | undefined
  /** Of the last attempt. */
  readonly provider?: string | undefined
  readonly client?: string | undefined
  readonly status?: number | undefined
  readonly outcome?: 'ok' | 'error' | undefined
  readonly error?: ErrorCode | undefined
  readonly streamed?: boolean | undefined
  /** In USD; an entry without a cost has none that is at least or at most anything. */
  readonly minCost?: number | undefined
  readonly maxCost?: number | undefined
  readonly minDurationMs?: number | undefined
  readonly maxDurationMs?: number | undefined
}

export interface LogQuery {
  readonly filter?: LogFilter | undefined
  /** `next` of the page before. */
  readonly before?: string | undefined
  readonly limit: number
}

/** In the order in which requests ended, the last one first. */
export interface LogPage {
  readonly entries: readonly LogEntry[]
  /** `before` of the next page; absent on the last. */
  readonly next?: string | undefined
  /** The time for one page was over before it was full: `next` goes on from there. */
  readonly truncated?: boolean | undefined
}

export interface KeptBody {
  readonly kind: BodyKind
  readonly bytes: number
  /** In hexadecimal, of what is kept. */
  readonly sha256: string
  /** There was more than is kept of one body. */
  readonly truncated: boolean
}

export interface LoggedRequest {
  readonly entry: LogEntry
  readonly bodies: readonly KeptBody[]
}

export interface LoggedBody extends KeptBody {
  readonly content: Uint8Array
  /** Of a stream: for each piece its milliseconds from the start of the request, and its length in bytes. */
  readonly timings?: readonly (readonly [atMs: number, bytes: number])[] | undefined
}

export type TotalsDimension = 'hour' | 'day' | 'model' | 'provider' | 'client' | 'status'

export interface TotalsQuery {
  /** Unix milliseconds; the hour that it falls in counts in full, as does the one of `to`. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly client?: string | undefined
  readonly outcome?: 'ok' | 'error' | undefined
  /** Without it one sum of all, if there is anything. */
  readonly by?: TotalsDimension | undefined
}

/** Milliseconds, within a tenth of the true ones. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export interface UsageTotals {
  /** The name; of hours and days their begin as `2026-11-22T14:00:00.000Z`, of statuses `2xx`. */
  readonly key?: string | undefined
  readonly requests: number
  readonly errors: number
  /** Answered by what was kept, without a call. */
  readonly fromCache: number
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  /** In USD, of those whose price is known. */
  readonly cost: number
  /** Requests that used tokens without a known price. */
  readonly unpriced: number
  readonly firstTokenMs?: Percentiles | undefined
  readonly totalMs?: Percentiles | undefined
}

export interface LogStats {
  readonly entries: number
  /** On the disk, bodies among them. */
  readonly bytes: number
  readonly bodyBytes: number
  /** Unix milliseconds at which the oldest entry began, about. */
  readonly oldestAt?: number | undefined
  /** Lost since the log was opened, because too much waited or it could not be written. */
  readonly dropped: { readonly entries: number; readonly bodies: number }
  /** Not yet written. */
  readonly waiting: number
  /** Why nothing, or not everything, can be written now. */
  readonly trouble?: string | undefined
  /** Where a damaged log was put aside when this one was begun. */
  readonly damaged?: string | undefined
}

export type SuggestedField = 'model' | 'provider' | 'client' | 'error'

/** The record of all requests. Nothing that fails in it reaches a request. */
export interface LogStore {
  /** Returns at once and never throws. What cannot be kept is counted: bodies go first, then entries. */
  append(entry: LogEntry, details?: LogDetails): void
  list(query: LogQuery): Promise<LogPage>
  /** Words, `"quoted phrases"` and `field:value`; the last word is found by its beginning too. */
  search(query: LogQuery & { readonly text: string }): Promise<LogPage>
  read(id: string): Promise<LoggedRequest | undefined>
  /** Undefined where it was never kept, or is no longer. */
  body(id: string, kind: BodyKind): Promise<LoggedBody | undefined>
  /** Ordered by key. They outlive the entries. */
  totals(query: TotalsQuery): Promise<readonly UsageTotals[]>
  /** Names that begin with `prefix` or have it inside, in any case; those that begin with it first. */
  suggest(field: SuggestedField, prefix: string, limit: number): Promise<readonly string[]>
  /** Entries as they come, from now on. A reader that is too slow misses the oldest. */
  subscribe(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogEntry>
  stats(): Promise<LogStats>
  /**
   * Removes entries that began before `beforeAt`, and the oldest bodies until `keepBytes` are left, in small steps.
   * Entries go in groups as they were written; answers how many did.
   */
  prune(options: { readonly beforeAt?: number; readonly keepBytes?: number }): Promise<number>
  /** Each entry as a line of JSON with its line end, the newest first. */
  export(filter?: LogFilter): AsyncIterable<string>
  /** Resolves when everything that was appended before is written, or counted as lost. */
  flush(): Promise<void>
  close(): Promise<void>
}
