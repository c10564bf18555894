import { jsonNumber } from './bare-literal.ts'
import type { CallState } from './markup-event.ts'
import { accept, markerSet, skipBeginning, type Waiting } from './markup-lexer.ts'
import { readValue, type Syntax } from './value-reader.ts'
import { type ArgumentEnds, type ValueSource, ValueStream } from './value-stream.ts'

const BARE_KEY = /[^,:}\]<]*/y
const BARE = /[^,}\]<]*/y

/**
 * Reads values as Gemma writes the arguments of its calls, and writes them as JSON: `{city:<|"|>Paris<|"|>,days:3}`. What
 * stands without delimiters is a number or word of JSON, else a string, without white space at its ends.
 */
export function gemmaReader(delimiter: string) {
  const delimiters = markerSet(delimiter)
  const gemma: Syntax = {
    brackets: '{[',
    comments: markerSet(),
    *readScalar(value, first, isKey) {
      if (',:}])'.includes(first)) return undefined
      const { cursor } = value
      value.flush()
      const isDelimited = (yield* accept(cursor, delimiters)) !== undefined
      if (!isDelimited && skipBeginning(cursor, delimiters)) return false
      if (!isDelimited && first === '<') return undefined
      if (!isDelimited && first !== '"') return yield* readBare(value, isKey)
      if (!isDelimited) {
        // A string of JSON, which the syntax does not have but models fall back to.
        value.repaired('quotes')
        cursor.at++
      }
      value.put('"')
      if (!(yield* isDelimited ? value.readText(delimiter) : value.readString('"'))) return false
      value.put('"')
      return true
    },
  }
  return (source: ValueSource, ends: ArgumentEnds, write: (text: string) => void): Waiting<CallState> =>
    readValue(new ValueStream(source, ends, write), gemma)
}

function* readBare(value: ValueStream, isKey: boolean): Waiting<boolean | undefined> {
  const { cursor, source } = value
  let bare = yield* value.readRun(isKey ? BARE_KEY : BARE)
  while (cursor.next === '<' && bare.length <= source.maxHeld && !(yield* value.isAtEnd())) {
    cursor.at++
    bare += `<${yield* value.readRun(isKey ? BARE_KEY : BARE)}`
  }
  const text = bare.trim()
  const json = /^(true|false|null)$/.test(text) ? text : jsonNumber(text)
  const isOver = cursor.next === ''
  if (isOver && (value.how !== 'stop' || isKey || json === undefined)) return false
  if (bare.length > source.maxHeld) {
    value.held += bare
    return undefined
  }
  if (isKey || json === undefined) {
    value.put('"')
    value.putText(text)
    value.put('"')
  } else value.put(json)
  return true
}
