/** What is compared. Tokens of the prompt are all of them, what a cache held among them. */
export const measures = ['input', 'cacheRead', 'cacheWrite', 'output', 'cost'] as const

export type Measure = (typeof measures)[number]

/** One row of what a provider bills. What it does not tell is left out. */
export interface ExportRow {
  /** `YYYY-MM-DD` in UTC. */
  readonly day: string
  /** As the provider writes it. */
  readonly model?: string | undefined
  readonly amounts: Partial<Record<Measure, number>>
  /** By how much the cost may be off because it was rounded, in USD. */
  readonly rounding: number
}

/** A row of a table or an entry of a list, its fields by lower-case name; those of objects inside by `outer.inner`. */
export interface ExportRecord {
  /** Where it stands, for messages: `line 12`, `entry 3`. */
  readonly place: string
  readonly fields: ReadonlyMap<string, string>
}
