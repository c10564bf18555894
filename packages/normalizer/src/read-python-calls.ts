import { isRecord } from './is-record.ts'
import { escapeJson } from './json-string.ts'
import type { CallState } from './markup-event.ts'
import type { Reader, Reading } from './markup-format.ts'
import { accept, markerSet, peek, skipSpace, type Waiting } from './markup-lexer.ts'
import { pythonWord, readPython } from './python-value.ts'
import { readDottedName } from './read-dotted-name.ts'

/** Calls as Python writes them: `get_weather(city='Paris', days=3)`. */
export interface PythonCalls {
  /** `[f(), g()]`; otherwise one after the other, each on its line. */
  readonly isList?: boolean
  /** The opener is the bracket of the list itself. */
  readonly isBare?: boolean
  /** What may follow the calls and goes with them. */
  readonly closers: readonly string[]
  /** Only declared tools are called, as where the opener is a code fence. */
  readonly mustBeDeclared?: boolean
  /** Stands behind every name, as in `NAME.call(`. */
  readonly suffix?: string
}

/** Reads calls in the syntax of Python. What takes arguments without keys has to be a declared tool. */
export function readPythonCalls(calls: PythonCalls): Reader {
  const { isList = false, isBare = false, closers, mustBeDeclared = false, suffix = '' } = calls
  const ends = markerSet(...closers)
  return function* (reading) {
    const { cursor } = reading
    if (isList && !isBare) {
      if ((yield* skipSpace(cursor)) !== '[') return false
      cursor.at++
    }
    for (let count = 0; ; count++) {
      yield* skipSpace(cursor)
      const written = yield* readDottedName(cursor)
      const name = written.endsWith(suffix) ? written.slice(0, written.length - suffix.length) : written
      const call = name !== '' && (yield* readCall(reading, name, isBare && count === 0, mustBeDeclared))
      // What was cut inside of its name is no call. Where nothing marks it as one, it may as well be text.
      if (!call) return cursor.hasEnded && name !== '' && (count > 0 ? isList : !isBare)
      reading.hold()
      yield* skipSpace(cursor)
      if (isList && call !== 'last') {
        if (cursor.next === ',') {
          cursor.at++
          if ((yield* skipSpace(cursor)) !== ']') continue
        }
        if (cursor.next !== ']') return cursor.hasEnded
        cursor.at++
        reading.commit()
        reading.hold()
        yield* skipSpace(cursor)
      }
      if (yield* accept(cursor, ends)) return true
      if (isList || cursor.hasEnded) return cursor.hasEnded
    }
  }
}

/** Reads a call behind its name, `last` with the end of the list; undefined where none stands here. */
function* readCall(
  reading: Reading,
  name: string,
  mayBeLink: boolean,
  mustBeDeclared: boolean,
): Waiting<'call' | 'last' | undefined> {
  const { cursor } = reading
  if ((yield* skipSpace(cursor)) !== '(') return undefined
  cursor.at++
  yield* skipSpace(cursor)
  const word = yield* readDottedName(cursor)
  const next = yield* skipSpace(cursor)
  if (word === '' && next === ')') {
    cursor.at++
    const call = mayBeLink ? yield* readEndOfList(reading) : 'call'
    if (!call || reading.startCall({ name, mustBeDeclared }) === undefined) return undefined
    reading.endCall('complete')
    return call
  }
  const isKey = word !== '' && next === '='
  if (!isKey && !isFirstOfValue(word, next)) return undefined
  const started = reading.startCall({ name, mustBeDeclared: mustBeDeclared || !isKey })
  if (started === undefined) return undefined
  reading.endCall(yield* readArguments(reading, started, isKey, word))
  return 'call'
}

/** `[main()](https://…)` is a link, whose text only looks like a list of calls. */
function* readEndOfList({ cursor }: Reading): Waiting<'call' | 'last' | undefined> {
  const next = yield* skipSpace(cursor)
  if (next !== ']') return next === ',' ? 'call' : undefined
  cursor.at++
  return (yield* peek(cursor)) === '(' ? undefined : 'last'
}

function isFirstOfValue(word: string, next: string): boolean {
  if (word === '') return next !== '' && '"\'[{('.includes(next)
  return /^(true|false|none|null|-?[\d.]+(e-?\d+)?)$/i.test(word) && (next === ',' || next === ')')
}

/** Reads all arguments and the bracket behind them. `word` is the first key, or the first value, if it was read already. */
function* readArguments(reading: Reading, toolName: string, isKey: boolean, word: string): Waiting<CallState> {
  const { cursor } = reading
  const properties = reading.tools.schemaOf(toolName)?.properties
  // In the order in which arguments without keys take them.
  const parameters = isRecord(properties) ? Object.keys(properties) : []
  let state: CallState = 'complete'
  for (let count = 0, before = '{'; ; count++) {
    const key = isKey ? word : parameters[count]
    let start = key === undefined ? before : `${before}"${escapeJson(key)}":`
    const write = (text: string) => {
      reading.arguments(start + text)
      start = ''
      before = ','
    }
    let read: CallState = 'complete'
    if (!isKey && word !== '') {
      const json = pythonWord(word)
      write(json ?? word)
      if (json === undefined) read = 'invalid'
    } else {
      if (isKey) cursor.at++
      read = yield* readPython(reading, write)
    }
    if (read === 'incomplete') return read
    // What has no key has no place.
    if (read === 'invalid' || key === undefined) state = 'invalid'

    let next = yield* skipSurplusBraces(reading)
    if (next === ',') {
      cursor.at++
      next = yield* skipSurplusBraces(reading)
    }
    if (next === ')') {
      cursor.at++
      break
    }
    if (next === '' || next === ']') {
      if (next === '' && reading.how !== 'stop') return 'incomplete'
      reading.repaired('missing-closer')
      break
    }
    cursor.hold()
    word = yield* readDottedName(cursor)
    isKey = word !== '' && (yield* skipSpace(cursor)) === '='
    if (isKey) cursor.drop()
    else {
      if (word !== '' && cursor.hasEnded && cursor.next === '') return 'incomplete'
      cursor.rewind()
      word = ''
    }
  }
  reading.arguments('}')
  return state
}

/** Goes to the next character that is neither white space nor a bracket that nothing opened. */
function* skipSurplusBraces(reading: Reading): Waiting<string> {
  const { cursor } = reading
  while ((yield* skipSpace(cursor)) === '}') {
    reading.repaired('surplus-closer')
    cursor.at++
  }
  return cursor.next
}
