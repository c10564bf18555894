import { type BodyKind, bodyKinds, type LogBody, type LogDetails, type LogEntry } from '@dragoman/core'
import {
  type Batch,
  JSON_LENGTH,
  MAX_NAME_LENGTH,
  MAX_NAMES,
  PART_COUNT,
  PART_NUMBERS,
  ROW_NUMBERS,
  textParts,
} from './batch-layout.ts'
import { flag, hashOf, type NamedFacet, namedFacets } from './columns.ts'

/** Codes of names in this process. 0 is every name that got none, because there are too many or it is too long. */
class Codes {
  readonly #codes = new Map<string, number>()
  readonly #facet: NamedFacet
  readonly #onNew: (facet: NamedFacet, name: string) => void

  constructor(facet: NamedFacet, onNew: (facet: NamedFacet, name: string) => void) {
    this.#facet = facet
    this.#onNew = onNew
  }

  of(name: string): number {
    const known = this.#codes.get(name)
    if (known !== undefined) return known
    // Clients can ask for models of any name: what they make up must not fill the table.
    if (this.#codes.size >= MAX_NAMES || name.length > MAX_NAME_LENGTH) return 0
    const code = this.#codes.size + 1
    this.#codes.set(name, code)
    this.#onNew(this.#facet, name)
    return code
  }
}

/** Of each text that is indexed. */
export const TEXT_BYTES = 4_096

const FIRST_BYTES = 64 * 1024
const FIRST_ROWS = 64
const FIRST_PARTS = 64

/** Where entries become bytes, on the thread that serves requests. */
export class BatchWriter {
  readonly #maxBodyBytes: number
  readonly #codes: Readonly<Record<NamedFacet, Codes>>
  #names: (readonly [NamedFacet, string])[] = []
  #bytes: Buffer<ArrayBuffer>
  #used = 0
  #rows = new Float64Array(FIRST_ROWS * ROW_NUMBERS)
  #count = 0
  #parts = new Float64Array(FIRST_PARTS * PART_NUMBERS)
  #partCount = 0

  constructor(options: { maxBodyBytes: number }) {
    this.#maxBodyBytes = options.maxBodyBytes
    const onNew = (facet: NamedFacet, name: string) => this.#names.push([facet, name])
    const codes = namedFacets.map((facet) => [facet, new Codes(facet, onNew)])
    this.#codes = Object.fromEntries(codes) as Record<NamedFacet, Codes>
    this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  get count(): number {
    return this.#count
  }

  get used(): number {
    return this.#used
  }

  /** `json` is the entry's. */
  add(entry: LogEntry, json: string, details: LogDetails | undefined): void {
    const { usage, attempts, error, cost } = entry
    const rows = this.#roomForRow()
    const at = this.#count * ROW_NUMBERS
    const prompt = count(usage?.prompt_tokens)
    const completion = count(usage?.completion_tokens)
    const failed = error !== undefined || entry.status >= 400
    const unpriced = cost === undefined && entry.answeredBy === undefined && prompt + completion > 0
    rows[at] = entry.startedAt
    rows[at + 1] = this.#codes.model.of(entry.model)
    rows[at + 2] = this.#codes.provider.of(attempts.at(-1)?.provider ?? '')
    rows[at + 3] = this.#codes.client.of(entry.client)
    rows[at + 4] = entry.status
    rows[at + 5] = this.#codes.error.of(error?.code ?? '')
    rows[at + 6] =
      (entry.streamed ? flag.streamed : 0) |
      (failed ? flag.error : 0) |
      (entry.answeredBy === undefined ? 0 : flag.kept) |
      (unpriced ? flag.unpriced : 0)
    rows[at + 7] = cost ?? Number.NaN
    rows[at + 8] = count(entry.durationMs)
    rows[at + 9] = entry.firstTokenMs === undefined ? 0 : count(entry.firstTokenMs) + 1
    rows[at + 10] = prompt
    rows[at + 11] = count(usage?.prompt_tokens_details?.cached_tokens)
    rows[at + 12] = completion
    rows[at + 13] = hashOf(entry.id)
    rows[at + JSON_LENGTH] = this.#writeText(json)
    rows[at + PART_COUNT] = details === undefined ? 0 : this.#writeDetails(entry, details)
    this.#count++
  }

  /** What was added since the last one; its memory is handed on. `reuse` is memory that came back. */
  take(now: number, reuse?: Uint8Array<ArrayBuffer>): Batch {
    const batch = {
      count: this.#count,
      rows: this.#rows,
      parts: this.#parts,
      partCount: this.#partCount,
      bytes: this.#bytes,
      used: this.#used,
      names: this.#names,
      now,
    }
    this.#names = []
    this.#bytes = reuse ? Buffer.from(reuse.buffer) : Buffer.allocUnsafeSlow(FIRST_BYTES)
    this.#used = 0
    this.#rows = new Float64Array(FIRST_ROWS * ROW_NUMBERS)
    this.#count = 0
    this.#parts = new Float64Array(FIRST_PARTS * PART_NUMBERS)
    this.#partCount = 0
    return batch
  }

  #writeDetails(entry: LogEntry, { bodies, text }: LogDetails): number {
    const before = this.#partCount
    if (bodies) {
      for (const [number, kind] of bodyKinds.entries()) this.#writeBody(number, bodies[kind as BodyKind])
    }
    if (text) {
      this.#writeWords(textParts.user, text.user)
      this.#writeWords(textParts.answer, text.answer)
      this.#writeWords(textParts.tools, text.tools?.length ? text.tools.join(' ') : undefined)
      this.#writeWords(textParts.error, entry.error?.message)
    }
    return this.#partCount - before
  }

  #writeWords(kind: number, text: string | undefined): void {
    if (text === undefined || text === '') return
    this.#part(kind, this.#writeText(text.length > TEXT_BYTES ? text.slice(0, TEXT_BYTES) : text), 0, 0)
  }

  #writeBody(kind: number, body: LogBody | undefined): void {
    if (body === undefined) return
    if (typeof body === 'string' || body instanceof Uint8Array) {
      const { bytes, cut } = this.#writePiece(body, this.#maxBodyBytes)
      this.#part(kind, bytes, 0, cut ? 1 : 0)
      return
    }
    let total = 0
    let cut = false
    let timings = '['
    for (const [i, piece] of body.pieces.entries()) {
      if (cut) break
      const written = this.#writePiece(piece, this.#maxBodyBytes - total)
      total += written.bytes
      cut = written.cut
      timings += `${i === 0 ? '' : ','}[${Math.round(body.atMs[i] ?? 0)},${written.bytes}]`
    }
    this.#part(kind, total, this.#writeText(`${timings}]`), cut ? 1 : 0)
  }

  #writePiece(piece: string | Uint8Array, room: number): { bytes: number; cut: boolean } {
    if (typeof piece === 'string') {
      const fits = piece.length * 3 <= room || Buffer.byteLength(piece) <= room
      if (fits) return { bytes: this.#writeText(piece), cut: false }
      return { bytes: this.#writeBytes(Buffer.from(piece.slice(0, room)).subarray(0, room)), cut: true }
    }
    const cut = piece.length > room
    return { bytes: this.#writeBytes(cut ? piece.subarray(0, room) : piece), cut }
  }

  #writeBytes(bytes: Uint8Array): number {
    this.#roomFor(bytes.length)
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
    return bytes.length
  }

  /** Its length in bytes. */
  #writeText(text: string): number {
    this.#roomFor(text.length * 3)
    const length = this.#bytes.write(text, this.#used)
    this.#used += length
    return length
  }

  #roomFor(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + bytes))
    larger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = larger
  }

  #roomForRow(): Float64Array<ArrayBuffer> {
    if ((this.#count + 1) * ROW_NUMBERS > this.#rows.length) this.#rows = doubled(this.#rows)
    return this.#rows
  }

  #part(kind: number, bytes: number, timings: number, cut: 0 | 1): void {
    const at = this.#partCount * PART_NUMBERS
    if (at + PART_NUMBERS > this.#parts.length) this.#parts = doubled(this.#parts)
    this.#parts[at] = kind
    this.#parts[at + 1] = bytes
    this.#parts[at + 2] = timings
    this.#parts[at + 3] = cut
    this.#partCount++
  }
}

/** Services report what they like. */
function count(value: number | undefined): number {
  return value !== undefined && value > 0 && value < 4_294_967_295 ? Math.round(value) : 0
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

/** About how much memory the bodies and texts of an entry take. */
export function sizeOf({ bodies, text }: LogDetails): number {
  let size = (text?.user?.length ?? 0) + (text?.answer?.length ?? 0)
  if (!bodies) return size
  for (const kind of bodyKinds) {
    const body = bodies[kind]
    if (body === undefined) continue
    if (typeof body === 'string' || body instanceof Uint8Array) size += body.length
    else for (const piece of body.pieces) size += piece.length + 12
  }
  return size
}
