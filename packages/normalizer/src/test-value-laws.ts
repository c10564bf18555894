// For tests only: what every incremental value owes, whatever its syntax.

import fc from 'fast-check'
import { expect } from 'vitest'
import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import { Cursor, markerSet, type Waiting } from './markup-lexer.ts'
import type { ArgumentEnds, ValueSource } from './value-stream.ts'

export interface IncrementalValue {
  readonly isDone: boolean
  readonly isInvalid: boolean
  /** How much of what was taken stays unread after all. */
  readonly rewound?: number
  push(text: string, from: number): number
  take(): string
  end(how: EndedHow): string
}

export interface ValueOptions {
  readonly maxDepth?: number
  readonly maxHeld?: number
  readonly markers?: readonly string[]
  readonly areTokens?: boolean
  repaired?(kind: RepairKind): void
}

/** A reader of a value, with the text given to it and what it writes taken from it piece by piece. */
export class PushedValue implements IncrementalValue {
  readonly #cursor = new Cursor(Number.POSITIVE_INFINITY)
  readonly #reader: Waiting<CallState>
  #how: EndedHow = 'stop'
  #written = ''
  state: CallState | undefined

  constructor(
    read: (source: ValueSource, ends: ArgumentEnds, write: (text: string) => void) => Waiting<CallState>,
    { maxDepth = 512, maxHeld = 262_144, markers = [], areTokens = false, repaired = () => {} }: ValueOptions = {},
  ) {
    const how = () => this.#how
    const source: ValueSource = {
      cursor: this.#cursor,
      maxDepth,
      maxHeld,
      repaired,
      get how() {
        return how()
      },
    }
    const stopsAt = markers.map((marker) => marker.charAt(0)).join('')
    this.#reader = read(source, { markers: markerSet(...markers), stopsAt, areTokens }, (text) => {
      expect(text, 'nothing empty is written').not.toBe('')
      this.#written += text
    })
  }

  get isDone(): boolean {
    return this.state === 'complete' || this.state === 'invalid'
  }

  get isInvalid(): boolean {
    return this.state === 'invalid'
  }

  /** Returns the index behind what was taken, which is not all of it only where the value has ended. */
  push(text: string, from: number): number {
    if (this.state) return from
    const chunk = text.slice(from)
    if (chunk !== '' && !this.#cursor.takeWhole?.(chunk)) {
      this.#cursor.feed(chunk)
      this.state = this.#reader.next().value || undefined
    }
    return this.state ? text.length - (this.#cursor.text.length - this.#cursor.at) : text.length
  }

  get rewound(): number {
    return this.isDone ? 0 : this.#cursor.text.length - this.#cursor.at
  }

  take(): string {
    const written = this.#written
    this.#written = ''
    return written
  }

  end(how: EndedHow): string {
    this.#how = how
    this.#cursor.finish()
    if (!this.state) this.state = this.#reader.next().value || undefined
    return this.take()
  }
}

export interface Reading {
  /** All that came out. */
  readonly text: string
  /** How many characters went in. */
  readonly taken: number
  readonly isDone: boolean
  readonly isInvalid: boolean
}

/** Reads the pieces as a parser would: what comes behind the end of the value is left alone. */
export function readPieces(value: IncrementalValue, pieces: readonly string[], how: EndedHow = 'stop'): Reading {
  let text = ''
  let taken = 0
  for (const piece of pieces) {
    // Other text stands before the piece, as in a chunk whose beginning was read already.
    const end = value.push(`"${piece}`, 1) - 1
    text += value.take()
    taken += end
    if (value.isDone) break
    expect(end, 'all of a piece is taken while the value lasts').toBe(piece.length)
  }
  text += value.end(how)
  // Of a string that turned out to end before.
  taken -= value.rewound ?? 0
  return { text, taken, isDone: value.isDone, isInvalid: value.isInvalid }
}

/** Asserts that every single cut and one character at a time read as the whole does, and returns that. */
export function readAtEveryCut(create: () => IncrementalValue, text: string, how: EndedHow = 'stop'): Reading {
  const whole = readPieces(create(), [text], how)
  expect(readPieces(create(), text.split(''), how), 'one character at a time').toEqual(whole)
  for (let at = 0; at <= text.length; at++) {
    expect(readPieces(create(), [text.slice(0, at), text.slice(at)], how), `cut at ${at}`).toEqual(whole)
  }
  return whole
}

/** Pieces of the text, some of them empty, from numbers that fast-check draws. */
export function inPieces(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = []
  let at = 0
  for (const length of lengths) {
    pieces.push(text.slice(at, at + length))
    at += length
  }
  pieces.push(text.slice(at))
  return pieces
}

export const pieceLengths = fc.array(fc.oneof(fc.nat(3), fc.nat(20)), { maxLength: 40 })

/** Whether all of `part` stands in `whole`, in this order, with anything between. */
export function isSubsequence(part: string, whole: string): boolean {
  let at = 0
  for (const unit of part.split('')) {
    at = whole.indexOf(unit, at) + 1
    if (at === 0) return false
  }
  return true
}
