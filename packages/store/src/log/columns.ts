/** Rows of one block. A block is what is loaded, skipped and removed as a whole. */
export const BLOCK_ROWS = 1024

/** What a filter or a sum looks at, one number for each row. Names are codes of `names.ts`. */
const types = {
  /** Unix milliseconds at which the request began. */
  at: Float64Array,
  model: Uint16Array,
  provider: Uint16Array,
  client: Uint16Array,
  status: Uint16Array,
  error: Uint16Array,
  flags: Uint8Array,
  /** In USD; NaN where it is unknown. */
  cost: Float64Array,
  durationMs: Uint32Array,
  /** One more than the milliseconds; 0 where nothing came. */
  firstMs: Uint32Array,
  promptTokens: Uint32Array,
  cachedTokens: Uint32Array,
  completionTokens: Uint32Array,
  idHash: Uint32Array,
} as const

export type ColumnName = keyof typeof types
type Column<K extends ColumnName> = InstanceType<(typeof types)[K]>

/** The columns that were asked for; the others are absent. */
export type Columns = { [K in ColumnName]?: Column<K> }
export type AllColumns = { readonly [K in ColumnName]: Column<K> }

export const columnNames = Object.keys(types) as readonly ColumnName[]

export const flag = { streamed: 1, error: 2, kept: 4, unpriced: 8 } as const

/** Columns that are stored together, because who needs one of them needs the others. */
export const columnGroups: readonly (readonly ColumnName[])[] = [
  ['at'],
  ['model'],
  ['provider'],
  ['client'],
  ['status'],
  ['error'],
  ['flags'],
  ['cost', 'durationMs', 'firstMs', 'promptTokens', 'cachedTokens', 'completionTokens'],
  ['idHash'],
]

const groupOf = new Map(columnGroups.flatMap((names, group) => names.map((name) => [name, group] as const)))

/** The group that a column is stored in. */
export function groupWith(name: ColumnName): number {
  return groupOf.get(name) ?? 0
}

/** Row id of a group of a block in the table `columns`. */
export function columnsId(block: number, group: number): number {
  return block * 16 + group
}

export function emptyColumns(): AllColumns {
  return Object.fromEntries(columnNames.map((name) => [name, new types[name](BLOCK_ROWS)])) as unknown as AllColumns
}

/** The first `count` rows of the columns of `group`, one column after the other. */
export function encodeGroup(columns: AllColumns, group: number, count: number): Uint8Array {
  const parts = (columnGroups[group] ?? []).map((name) => {
    const values = columns[name].subarray(0, count)
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  })
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}

/** Adds the columns of `group` to `into`; their arrays have `count` rows, or as many as `into` had before. */
export function decodeGroup(bytes: Uint8Array, group: number, count: number, into: Columns): void {
  let offset = 0
  for (const name of columnGroups[group] ?? []) {
    const length = count * types[name].BYTES_PER_ELEMENT
    if (offset + length > bytes.length) throw new Error(`the column ${name} is shorter than its block`)
    const copy = new Uint8Array(bytes.subarray(offset, offset + length))
    // A copy begins at its buffer's first byte, where numbers of any width may begin.
    const values = new types[name](copy.buffer, 0, count)
    Object.assign(into, { [name]: values })
    offset += length
  }
}

/** FNV-1a over the character codes: finds the rows of an id among a million without an index over texts. */
export function hashOf(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Names that rows refer to by a code. */
export const namedFacets = ['model', 'provider', 'client', 'error'] as const
export type NamedFacet = (typeof namedFacets)[number]

/** Columns whose values a block sums up in a mask, so that one which has none of them is not looked at. */
export const maskedColumns = ['model', 'provider', 'client', 'status', 'error'] as const

/** 64 bits for each masked column: bit `value % 64` says that the value may be there. */
export class Masks {
  readonly words: Uint32Array

  constructor(words: Uint32Array = new Uint32Array(maskedColumns.length * 2)) {
    this.words = words
  }

  static from(bytes: Uint8Array): Masks {
    const { buffer } = new Uint8Array(bytes)
    return new Masks(new Uint32Array(buffer, 0, maskedColumns.length * 2))
  }

  add(column: number, value: number): void {
    const at = column * 2 + ((value >> 5) & 1)
    this.words[at] = (this.words[at] ?? 0) | (1 << (value & 31))
  }

  may(column: number, wanted: Masks): boolean {
    const low = (this.words[column * 2] ?? 0) & (wanted.words[column * 2] ?? 0)
    const high = (this.words[column * 2 + 1] ?? 0) & (wanted.words[column * 2 + 1] ?? 0)
    return (low | high) !== 0
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, this.words.byteOffset, this.words.byteLength)
  }
}
