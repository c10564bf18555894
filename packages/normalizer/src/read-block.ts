import type { Reader } from './markup-format.ts'
import { accept, markerSet, peek, skipBeginning, skipSpace } from './markup-lexer.ts'

/** Calls with markers of their own inside a pair of tags: reads behind the first tag, `read` is given each call. */
export function readBlock(block: {
  readonly openers: readonly string[]
  readonly closers: readonly string[]
  readonly read: Reader
  /** The tags are special tokens: they are dropped where no call is between them. */
  readonly areTokens?: boolean
}): Reader {
  const openers = markerSet(...block.openers)
  const closers = markerSet(...block.closers)
  const tags = markerSet(...block.openers, ...block.closers)
  return function* (reading) {
    const { cursor } = reading
    for (let isCertain = block.areTokens === true; ; isCertain = true) {
      reading.hold()
      yield* skipSpace(cursor)
      if (isCertain && (yield* accept(cursor, closers))) return true
      const opener = yield* accept(cursor, openers)
      if (opener === undefined) {
        if (isCertain) skipBeginning(cursor, tags)
        return cursor.hasEnded && isCertain
      }
      if (!(yield* block.read(reading, opener))) return false
      reading.commit()
    }
  }
}

/** What comes first behind the opener tells who reads: `json` for brackets, `tags` for `<`, `text` for a name. */
export function readByFirst(readers: {
  readonly json?: Reader
  readonly tags?: Reader
  readonly text?: Reader
}): Reader {
  return function* (reading, opener) {
    yield* skipSpace(reading.cursor)
    const first = yield* peek(reading.cursor)
    const read = '{['.includes(first) ? readers.json : first === '<' ? readers.tags : readers.text
    return first !== '' && read ? yield* read(reading, opener) : false
  }
}
