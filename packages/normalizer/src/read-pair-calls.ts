import type { Reader, Reading } from './markup-format.ts'
import {
  accept,
  type Cursor,
  type MarkerSet,
  markerSet,
  peek,
  readName,
  skipBeginning,
  skipSpace,
  standsAt,
  type Waiting,
} from './markup-lexer.ts'
import { TaggedArguments, valueEnds } from './tagged-value.ts'

/** A call as a name and pairs: `NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>`. */
export interface PairCalls {
  readonly opener: string
  readonly closer: string
  /** Stands behind the name. */
  readonly separator?: string
  readonly key: readonly [opener: string, closer: string]
  readonly value: readonly [opener: string, closer: string]
  /** May say, between the two, whether the value is a `string`; anything else is JSON. */
  readonly type?: readonly [opener: string, closer: string]
}

/** Models that were trained on escaped text write a line break as two characters. */
const WRITTEN_NEWLINE = '\\n'

/** Reads one call behind its opener. */
export function readPairCalls({ opener, closer, separator, key, value, type }: PairCalls): Reader {
  const closers = markerSet(closer)
  const separators = markerSet(...(separator ? [separator] : []))
  const keys = markerSet(key[0])
  const values = markerSet(value[0])
  const types = markerSet(...(type ? [type[0]] : []))
  const afterName = markerSet(opener, closer, key[0], ...(separator ? [separator] : []))
  const keyEnds = markerSet(key[1])
  const typeEnds = markerSet(type?.[1] ?? '')
  const followers = [key[0], closer, opener]
  const before = [...followers, ...followers.map((text) => WRITTEN_NEWLINE + text)]
  const ends = valueEnds([{ text: value[1], before }])

  /** Reads a pair; false where it is none, or its value has no end. */
  function* readPair(reading: Reading, written: TaggedArguments): Waiting<boolean> {
    const { cursor } = reading
    const name = yield* readUpTo(cursor, keyEnds)
    yield* skipSeparators(cursor)
    const typeName = (yield* accept(cursor, types)) ? yield* readUpTo(cursor, typeEnds) : ''
    yield* skipSeparators(cursor)
    if (!(yield* accept(cursor, values))) return false
    reading.commit()
    const as = typeName === '' ? undefined : typeName.trim() === 'string' ? 'string' : 'json'
    return yield* written.readValue(name.trim(), ends, { as })
  }

  return function* (reading) {
    const { cursor } = reading
    yield* skipSpace(cursor)
    const name = yield* readName(cursor)
    if (name === '') return false
    const hasNewline = yield* skipSeparators(cursor)
    if (!(yield* standsAt(cursor, afterName)) && !(hasNewline && cursor.hasEnded)) return false
    yield* accept(cursor, separators)
    const started = reading.startCall({ name })
    if (started === undefined) return false
    const written = new TaggedArguments(reading, started)
    for (;;) {
      reading.hold()
      yield* skipSeparators(cursor)
      if (yield* accept(cursor, closers)) {
        written.close()
        return true
      }
      if (!(yield* accept(cursor, keys))) {
        if (skipBeginning(cursor, keys)) reading.endCall('incomplete')
        else {
          skipBeginning(cursor, afterName)
          written.closeEarly()
        }
        return cursor.hasEnded
      }
      if (!(yield* readPair(reading, written))) {
        // A key without a value stays text. The call that lacks it must not look whole.
        reading.endCall(cursor.hasEnded ? 'incomplete' : 'invalid')
        return cursor.hasEnded
      }
    }
  }
}

/** Reads text up to one of the markers, and goes behind it. */
function* readUpTo(cursor: Cursor, ends: MarkerSet<string>): Waiting<string> {
  let all = ''
  for (;;) {
    const { text, at } = cursor
    const isFound = ends.find(text, at)
    cursor.at = isFound ? ends.index : text.length
    all += text.slice(at, cursor.at)
    if (isFound && ends.value !== undefined) {
      cursor.at += ends.text.length
      return all
    }
    if (cursor.isOver) {
      cursor.at = text.length
      return all
    }
    yield
  }
}

/** Whether there was a line break. */
function* skipSeparators(cursor: Cursor): Waiting<boolean> {
  let hasNewline = false
  for (;;) {
    const next = yield* peek(cursor)
    if (next === '\n') hasNewline = true
    if (next === '\\') {
      if (!(yield* accept(cursor, writtenNewlines))) return hasNewline
      hasNewline = true
    } else if (next !== '' && ' \t\r\n'.includes(next)) cursor.at++
    else return hasNewline
  }
}

const writtenNewlines = markerSet(WRITTEN_NEWLINE)
