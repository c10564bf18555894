// For tests only: what every incremental value owes, whatever its syntax.

import fc from 'fast-check'
import { expect } from 'vitest'
import type { EndedHow } from './markup-event.ts'

export interface IncrementalValue {
  readonly isDone: boolean
  readonly isInvalid: boolean
  push(text: string, from: number): number
  take(): string
  end(how: EndedHow): string
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
