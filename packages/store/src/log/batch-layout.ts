import type { NamedFacet } from './columns.ts'

/** Numbers of one row in `Batch.rows`: the columns of `columns.ts` in their order, then these two. */
export const ROW_NUMBERS = 16
export const JSON_LENGTH = 14
export const PART_COUNT = 15

/** Numbers of one part in `Batch.parts`. */
export const PART_NUMBERS = 4
/** Kinds of parts beyond the four bodies. */
export const textParts = { user: 8, answer: 9, tools: 10, error: 11 } as const

/** Rows on their way to the thread that writes: their numbers, and all their text as one piece of memory. */
export interface Batch {
  readonly count: number
  readonly rows: Float64Array<ArrayBuffer>
  /** Of each row as many as it says: kind, bytes, bytes of timings that follow, whether there was more. */
  readonly parts: Float64Array<ArrayBuffer>
  readonly partCount: number
  /** Of each row its JSON, then its parts. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How much of `bytes` is used. */
  readonly used: number
  /** Names that had not been seen before in this process; their code is their number among those of their facet. */
  readonly names: readonly (readonly [facet: NamedFacet, name: string])[]
  /** Unix milliseconds. */
  readonly now: number
}

export const MAX_NAMES = 4_096
export const MAX_NAME_LENGTH = 256

export function countBodies({ parts, partCount }: Batch): number {
  let count = 0
  for (let i = 0; i < partCount; i++) if ((parts[i * PART_NUMBERS] ?? 0) < textParts.user) count++
  return count
}
