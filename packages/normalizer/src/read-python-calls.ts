import { isRecord } from './is-record.ts'
import { escapeJson } from './json-string.ts'
import type { CallState } from './markup-event.ts'
import type { Reader, Reading } from './markup-format.ts'
import { accept, markerSet, peek, skipSpace, type Waiting } from './markup-lexer.ts'
import { PythonValue } from './python-value.ts'
import { readLiteral, readName } from './read-literal.ts'

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
      yield* skipSpace(cursor)
      if ((yield* peek(cursor)) !== '[') return false
      cursor.at++
    }
    for (let count = 0; ; count++) {
      yield* skipSpace(cursor)
      const written = yield* readName(cursor)
      const name = written.endsWith(suffix) ? written.slice(0, written.length - suffix.length) : written
      const call = name !== '' && (yield* readCall(reading, name, isBare && count === 0, mustBeDeclared))
      // What was cut inside of its name is no call. Where nothing marks it as one, it may as well be text.
      if (!call) return cursor.hasEnded && name !== '' && (count > 0 ? isList : !isBare)
      reading.hold()
      yield* skipSpace(cursor)
      if (isList && call !== 'last') {
        if ((yield* peek(cursor)) === ',') {
          cursor.at++
          yield* skipSpace(cursor)
          if ((yield* peek(cursor)) !== ']') continue
        }
        if ((yield* peek(cursor)) !== ']') return cursor.hasEnded
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
  yield* skipSpace(cursor)
  if ((yield* peek(cursor)) !== '(') return undefined
  cursor.at++
  yield* skipSpace(cursor)
  const word = yield* readName(cursor)
  yield* skipSpace(cursor)
  const next = yield* peek(cursor)
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
  reading.endCall(yield* new PythonArguments(reading, started).read(word, isKey))
  return 'call'
}

/** `[main()](https://…)` is a link, whose text only looks like a list of calls. */
function* readEndOfList({ cursor }: Reading): Waiting<'call' | 'last' | undefined> {
  yield* skipSpace(cursor)
  const next = yield* peek(cursor)
  if (next !== ']') return next === ',' ? 'call' : undefined
  cursor.at++
  return (yield* peek(cursor)) === '(' ? undefined : 'last'
}

function isFirstOfValue(word: string, next: string): boolean {
  if (word === '') return next !== '' && '"\'[{('.includes(next)
  return /^(true|false|none|null|-?[\d.]+(e-?\d+)?)$/i.test(word) && (next === ',' || next === ')')
}

class PythonArguments {
  readonly #reading: Reading
  /** Parameters in the order in which arguments without keys take them. */
  readonly #parameters: readonly string[]
  #count = 0
  #isEmpty = true

  constructor(reading: Reading, toolName: string) {
    this.#reading = reading
    const properties = reading.tools.schemaOf(toolName)?.properties
    this.#parameters = isRecord(properties) ? Object.keys(properties) : []
  }

  /** Reads all arguments and the bracket behind them. `word` is the first key, or the beginning of the first value. */
  *read(word: string, isKey: boolean): Waiting<CallState> {
    const { cursor } = this.#reading
    let state: CallState = 'complete'
    for (;;) {
      const key = isKey ? word : this.#parameters[this.#count]
      if (isKey) cursor.at++
      this.#count++
      const read = yield* this.#readValue(key, isKey ? '' : word)
      if (read === 'incomplete') return read
      if (read === 'invalid') state = read

      let next = yield* this.#skipSurplus()
      if (next === ',') {
        cursor.at++
        next = yield* this.#skipSurplus()
      }
      if (next === ')') {
        cursor.at++
        break
      }
      if (next === '' || next === ']') {
        if (next === '' && this.#reading.how !== 'stop') return 'incomplete'
        this.#reading.repaired('missing-closer')
        break
      }
      word = yield* readName(cursor)
      yield* skipSpace(cursor)
      isKey = word !== '' && (yield* peek(cursor)) === '='
      if (word !== '' && !isKey && cursor.hasEnded && cursor.at === cursor.text.length) return 'incomplete'
    }
    this.#reading.arguments('}')
    return state
  }

  /** Goes to the next character that is neither white space nor a bracket that nothing opened. */
  *#skipSurplus(): Waiting<string> {
    const { cursor } = this.#reading
    for (;;) {
      yield* skipSpace(cursor)
      const next = yield* peek(cursor)
      if (next !== '}') return next
      this.#reading.repaired('surplus-closer')
      cursor.at++
    }
  }

  *#readValue(key: string | undefined, beginning: string): Waiting<CallState> {
    const reading = this.#reading
    const { maxDepth, maxHeld } = reading
    const value = new PythonValue({ maxDepth, maxHeld, repaired: (kind) => reading.repaired(kind) })
    const write = (text: string) => {
      if (text === '') return
      reading.arguments(before + text)
      before = ''
      this.#isEmpty = false
    }
    let before = (this.#isEmpty ? '{' : ',') + (key === undefined ? '' : `"${escapeJson(key)}":`)
    value.push(beginning, 0)
    write(value.take())
    const state = yield* readLiteral(reading, value, write)
    // There is no name for it.
    return key === undefined && state === 'complete' ? 'invalid' : state
  }
}
