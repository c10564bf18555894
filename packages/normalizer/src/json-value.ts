import { BARE, bareLiteral, jsonNumber } from './bare-literal.ts'
import type { CallState, RepairKind } from './markup-event.ts'
import { Cursor, MarkerSet, markerSet, type Waiting } from './markup-lexer.ts'
import { readValue, type Syntax } from './value-reader.ts'
import { type ArgumentEnds, type ValueSource, ValueStream } from './value-stream.ts'

const KEY = /[\w$.\u0080-\uffff-]*/y
const KEY_START = /[\w$.\u0080-\uffff-]/

// No longer than what may be held, so that nothing depends on where the text is cut.
const PLAIN = /"[ !#-;=-[\]-\uffff]*"|(?:-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?|true|false|null)(?=[,}\]\s])/y

/** JSON, and what models write in its place. */
const json: Syntax = {
  isJson: true,
  brackets: '{[(',
  plain: PLAIN,
  comments: new MarkerSet(
    new Map([
      ['//', '\n'],
      ['/*', '*/'],
    ]),
  ),
  *readScalar(value, first, isKey) {
    const { cursor } = value
    const isQuoted = first === '"' || first === "'"
    if (!isQuoted && !isKey) return yield* readBare(value)
    if (!isQuoted && !KEY_START.test(first)) return undefined
    if (first !== '"') value.repaired(isQuoted ? 'quotes' : 'unquoted-key')
    value.put('"')
    if (isQuoted) {
      cursor.at++
      if (!(yield* value.readString(first))) return false
    } else {
      yield* value.readRun(KEY, (part) => value.put(part))
      if (cursor.next === '') return false
    }
    value.put('"')
    return true
  },
}

/** Reads a number or word. It comes out as it arrives, unless it may have to be replaced. */
function* readBare(value: ValueStream): Waiting<boolean | undefined> {
  let isOut = false
  const bare = yield* value.readRun(BARE, (part, all) => {
    if (isOut) value.put(part)
    else if (/^(-?\d|[tfn])/.test(all)) {
      isOut = true
      value.put(all)
    }
  })
  const isOver = value.cursor.next === ''
  const mended = isOver && value.how !== 'stop' ? undefined : bareLiteral(bare)
  if (mended === undefined || bare.length > value.source.maxHeld || (isOut && !mended.startsWith(bare))) {
    if (!isOut) value.held += bare
    return isOver ? false : undefined
  }
  if (mended !== bare) value.repaired(jsonNumber(bare) === undefined ? 'literal' : 'number')
  value.put(isOut ? mended.slice(bare.length) : mended)
  return true
}

/**
 * Reads one value of JSON. Repaired are control characters in strings, trailing commas, commas missing before a new line,
 * single quotes, keys without quotes, `True False None NaN Infinity`, tuples, `+1 .5 1.`, comments, and escapes that JSON
 * does not know. Valid JSON comes out byte for byte, less white space before it.
 */
export function readJson(source: ValueSource, ends: ArgumentEnds, write: (text: string) => void): Waiting<CallState> {
  return readValue(new ValueStream(source, ends, write), json)
}

/** No marker: the value ends by itself. */
export const noEnds: ArgumentEnds = { markers: markerSet(), stopsAt: '' }

/** The JSON that stands at the beginning of a whole text, and what stands behind it; undefined where none stands there. */
export function mendJson(text: string, repaired: (kind: RepairKind) => void = () => {}) {
  const cursor = new Cursor(Number.POSITIVE_INFINITY)
  cursor.feed(text)
  cursor.finish()
  let mended = ''
  const write = (part: string) => {
    mended += part
  }
  const { value: state } = readJson(
    { cursor, maxDepth: 512, maxHeld: 262_144, how: 'stop', repaired },
    noEnds,
    write,
  ).next()
  return state === 'complete' ? { json: mended, rest: text.slice(cursor.at) } : undefined
}
