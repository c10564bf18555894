/** What one call to an upstream used and cost. Kept for good: rows are only ever added. */
export interface UsageRow {
  readonly requestId: string
  /** Unix milliseconds at which the request came. */
  readonly at: number
  /** Id of the client key. */
  readonly client: string
  readonly provider: string
  /** The upstream's model id. */
  readonly model: string
  /** Masked name of the credential. */
  readonly credential?: string | undefined
  /** All of the prompt, what was read from and written to a cache among it. */
  readonly promptTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  /** All that was written, reasoning among it. */
  readonly completionTokens: number
  readonly reasoningTokens: number
  /** In USD; undefined where no price is known. */
  readonly cost?: number | undefined
  /** The upstream reported nothing, or not to the end. */
  readonly estimated: boolean
  readonly outcome: 'ok' | 'broken' | 'left'
}

export interface UsageSum {
  /** By the names of `by`: `day` is `YYYY-MM-DD` in UTC. */
  readonly key: Readonly<Record<string, string>>
  readonly requests: number
  readonly promptTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly completionTokens: number
  readonly reasoningTokens: number
  /** Of those rows whose price is known. */
  readonly cost: number
  /** Rows without one. */
  readonly unpriced: number
  readonly estimated: number
}

export type UsageDimension = 'day' | 'client' | 'provider' | 'model' | 'credential'

export interface UsageQuery {
  /** Unix milliseconds; from it on. */
  readonly from?: number | undefined
  /** Up to it, without it. */
  readonly to?: number | undefined
  readonly by: readonly UsageDimension[]
}

/** What was used, for cost and for comparison with what providers bill. */
export interface UsageLedger {
  /** Returns at once: rows are written in batches. What cannot be written is counted and told, never thrown. */
  append(row: UsageRow): void
  /** With everything that was appended before. */
  sums(query: UsageQuery): Promise<readonly UsageSum[]>
  /** Writes what waits. */
  flush(): Promise<void>
  close(): Promise<void>
}
