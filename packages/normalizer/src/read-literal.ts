import type { LiteralValue } from './literal-value.ts'
import type { CallState } from './markup-event.ts'
import type { Reading } from './markup-format.ts'
import { type Cursor, type MarkerSet, standsAt, type Waiting } from './markup-lexer.ts'

/**
 * Reads one value, up to its own end or to one of the markers (whose first characters are the value's `stopsAt`).
 * `complete`: the value ended, or what was missing behind its last part was added.
 */
export function* readLiteral(
  reading: Reading,
  value: LiteralValue,
  write: (text: string) => void,
  markers?: MarkerSet<string>,
): Waiting<CallState> {
  const { cursor } = reading
  let isThrough = false
  for (;;) {
    cursor.at = value.push(cursor.text, cursor.at, isThrough)
    isThrough = false
    write(value.take())
    if (value.isDone) return value.isInvalid ? 'invalid' : 'complete'
    if (cursor.at < cursor.text.length) {
      if (markers && (yield* standsAt(cursor, markers))) {
        write(value.end('stop'))
        return value.isDone && !value.isInvalid ? 'complete' : 'invalid'
      }
      isThrough = true
    } else if (cursor.isOver) {
      write(value.end(reading.how))
      return value.isDone ? 'complete' : 'incomplete'
    } else yield
  }
}

const NAME = /[\p{L}\p{N}_.-]*/uy

/** Reads a name as it stands before brackets, '' where none does. */
export function* readName(cursor: Cursor): Waiting<string> {
  let name = ''
  for (;;) {
    NAME.lastIndex = cursor.at
    NAME.test(cursor.text)
    name += cursor.text.slice(cursor.at, NAME.lastIndex)
    cursor.at = NAME.lastIndex
    if (cursor.at < cursor.text.length || cursor.isOver) return name
    yield
  }
}
