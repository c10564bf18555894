import { type Cursor, readWhile, type Waiting } from './markup-lexer.ts'

const NAME = /[\p{L}\p{N}_.-]*/uy

/** Reads a name as it stands before brackets, '' where none does. */
export function readDottedName(cursor: Cursor): Waiting<string> {
  return readWhile(cursor, NAME)
}
