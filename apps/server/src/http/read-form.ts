import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, DragomanError, systemClock, Watchdog } from '@dragoman/core'
import { type BodyBudget, linger, tooLarge } from './body-budget.ts'
import { header } from './exchange.ts'
import { Pieces } from './pieces.ts'
import { type FormPart, FormParts } from './read-form-parts.ts'
import { refuseAddressField } from './refuse-addresses.ts'

/** A client that sends nothing for so long has left, or wants to occupy an upstream. */
const stallMs = 60_000

const longestField = 64 * 1024

/** A `multipart/form-data` body that is being read, and kept as far as it has been. */
export interface Form {
  /** With the boundary. */
  readonly contentType: string
  /** The value of a text field, as soon as it is there; undefined where the whole form has none. */
  field(name: string): Promise<string | undefined>
  /**
   * The form as it came, and as it comes, with another value for a field that has been read. From its beginning on, each
   * time: another attempt sends it again.
   */
  bytes(name: string, value: string): AsyncIterable<Uint8Array>
  /** How many bytes that will be, where the client has said how many its form has. */
  length(name: string, value: string): number | undefined
  /** Every part, once all of them are there. */
  parts(): Promise<readonly FormPart[]>
  /** The content of one of them. */
  content(part: FormPart): Buffer
}

export type FormReader = (request: IncomingMessage, response: ServerResponse) => Form

/** Reads forms within limits. Throws `unsupported_media_type` for what says that it is something else. */
export function formReader(budget: BodyBudget, clock: Clock = systemClock): FormReader {
  return (request, response) => {
    const contentType = header(request.headers, 'content-type') ?? ''
    const boundary = boundaryOf(contentType)
    const coding = header(request.headers, 'content-encoding') ?? 'identity'
    if (coding !== 'identity') {
      throw new DragomanError('unsupported_media_type', 'A form is read without Content-Encoding only')
    }
    const said = header(request.headers, 'content-length')
    const form = new ArrivingForm(contentType, boundary, said === undefined ? undefined : Number(said))
    const fail = (error: unknown) => {
      stop()
      if (!request.complete) linger(request, response)
      form.fail(error)
    }
    const hold = budget.holder(response)
    const take = (piece: Buffer) => {
      watchdog.touch()
      try {
        hold(piece.length)
        form.push(piece)
      } catch (error) {
        fail(error)
      }
    }
    const end = () => {
      stop()
      form.end()
    }
    const close = () => {
      stop()
      form.fail(new DragomanError('aborted', 'The caller left'))
    }
    const stop = () => {
      watchdog.stop()
      // Not that of errors: one without a listener would end the process.
      request.off('data', take).off('end', end).off('close', close)
    }
    const watchdog = new Watchdog(clock, () => {
      fail(new DragomanError('invalid_request', `The body stopped coming for ${stallMs / 1000} s`))
    })
    watchdog.watch(stallMs)
    request.on('data', take).on('end', end).on('close', close).on('error', close)
    if (Number(said ?? 0) > budget.limits.maxBodyBytes) {
      fail(tooLarge(budget.limits))
    }
    return form
  }
}

function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    const found = contentType === '' ? 'none' : contentType.slice(0, 80)
    throw new DragomanError('unsupported_media_type', `Expected multipart/form-data, found ${found}`)
  }
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) throw new DragomanError('invalid_request', 'The content-type names no boundary')
  return boundary
}

class ArrivingForm implements Form {
  readonly contentType: string
  readonly #bytes: number | undefined
  readonly #scanner: FormParts
  readonly #pieces = new Pieces()
  readonly #parts: FormPart[] = []
  /** Fields that were asked for: another one of the same name would be another value, unseen. */
  readonly #asked = new Set<string>()
  #error: { readonly cause: unknown } | undefined
  #isOver = false
  #waiting = Promise.withResolvers<void>()

  constructor(contentType: string, boundary: string, bytes: number | undefined) {
    this.contentType = contentType
    this.#bytes = bytes
    this.#scanner = new FormParts(boundary, (part) => {
      if (this.#asked.has(part.name) && this.#named(part.name)) throw twice(part.name)
      refuseAddressField(part.name)
      this.#parts.push(part)
    })
  }

  push(piece: Buffer): void {
    this.#pieces.add(piece)
    this.#scanner.push(piece)
    this.#wake()
  }

  end(): void {
    if (this.#scanner.isWhole) {
      this.#isOver = true
      this.#wake()
    } else {
      const message = 'The form breaks off: it does not end with its boundary'
      this.fail(new DragomanError('invalid_request', message))
    }
  }

  fail(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = { cause }
    this.#pieces.clear()
    this.#wake()
  }

  async field(name: string): Promise<string | undefined> {
    this.#asked.add(name)
    if (this.#parts.filter((part) => part.name === name).length > 1) throw twice(name)
    for (;;) {
      this.#assertGood()
      const part = this.#named(name)
      if (part) return this.#text(part)
      if (this.#isOver) return undefined
      await this.#waiting.promise
    }
  }

  async *bytes(name: string, value: string): AsyncGenerator<Uint8Array> {
    const part = this.#named(name)
    const from = part?.from ?? 0
    const to = part?.to ?? 0
    let isWritten = part === undefined
    let at = 0
    let i = 0
    /** How much of a piece has been given: the last one may grow meanwhile. */
    let given = 0
    for (;;) {
      const { list } = this.#pieces
      const piece = list[i]?.subarray(given)
      if (!piece || piece.length === 0) {
        if (i + 1 < list.length) {
          i++
          given = 0
          continue
        }
        this.#assertGood()
        if (this.#isOver) return
        await this.#waiting.promise
        continue
      }
      given += piece.length
      const before = piece.subarray(0, Math.max(0, from - at))
      const after = piece.subarray(Math.max(0, to - at))
      at += piece.length
      if (before.length > 0) yield before
      if (!isWritten && at >= to) {
        isWritten = true
        yield Buffer.from(value)
      }
      if (after.length > 0) yield after
    }
  }

  length(name: string, value: string): number | undefined {
    const { from, to } = this.#named(name) ?? { from: 0, to: 0 }
    return this.#bytes === undefined ? undefined : this.#bytes - (to - from) + Buffer.byteLength(value)
  }

  async parts(): Promise<readonly FormPart[]> {
    while (!this.#isOver) await this.#waiting.promise
    this.#assertGood()
    return this.#parts
  }

  content({ from, to }: FormPart): Buffer {
    const slices: Buffer[] = []
    let at = 0
    for (const piece of this.#pieces.list) {
      if (at < to && at + piece.length > from) slices.push(piece.subarray(Math.max(0, from - at), to - at))
      at += piece.length
    }
    return Buffer.concat(slices)
  }

  #named(name: string): FormPart | undefined {
    return this.#parts.find((part) => part.name === name)
  }

  #text(part: FormPart): string {
    if (part.to - part.from > longestField) {
      const message = `${part.name}: expected at most ${longestField} bytes`
      throw new DragomanError('invalid_request', message, { param: part.name })
    }
    return this.content(part).toString()
  }

  #assertGood(): void {
    if (this.#error) throw this.#error.cause
  }

  #wake(): void {
    this.#waiting.resolve()
    this.#waiting = Promise.withResolvers()
  }
}

function twice(name: string): DragomanError {
  return new DragomanError('invalid_request', `${name}: given twice`, { param: name })
}
