import type { Cursor, Waiting } from './markup-lexer.ts'

const NAME = /[\p{L}\p{N}_.-]*/uy

/** Reads a name as it stands before brackets, '' where none does. */
export function* readDottedName(cursor: Cursor): Waiting<string> {
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
