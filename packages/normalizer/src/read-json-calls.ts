import { EncodedText } from './json-string.ts'
import type { CallState } from './markup-event.ts'
import type { Reader, Reading } from './markup-format.ts'
import {
  accept,
  type Cursor,
  markerSet,
  peek,
  skipBeginning,
  skipSpace,
  standsAt,
  type Waiting,
} from './markup-lexer.ts'
import { type ArgumentEnds, readArguments, readValue } from './read-arguments.ts'

/** Calls as JSON objects: `{"name": …, "arguments": {…}}`, one, several, or in a list. */
export interface JsonCalls {
  /** What ends the calls and goes with them. None: they end where their brackets balance. */
  readonly closers?: readonly string[]
  /** What ends them and belongs to what follows. */
  readonly next?: readonly string[]
  /** All markers are special tokens: closers count in a string that is never closed, an empty list is no text. */
  readonly areTokens?: boolean
  /** What the first may begin with. Default `{[`. */
  readonly opens?: string
  readonly nameKeys?: readonly string[]
  readonly argumentKeys?: readonly string[]
  /** Default none: an id that the model makes up is no id. */
  readonly idKeys?: readonly string[]
  /** The id stands behind the arguments. */
  readonly isIdLate?: boolean
  /** No marker at all: the opener is the first bracket, and only a declared name beside arguments makes a call. */
  readonly isBare?: boolean
  /** The list is a part of something that goes on behind it. */
  readonly isListInside?: boolean
  /** `{"NAME": ARGUMENTS}` */
  readonly isKeyName?: boolean
}

/** Reads calls written as JSON objects. */
export function readJsonCalls(calls: JsonCalls): Reader {
  const { opens = '{[', isBare = false, areTokens = false } = calls
  const closers = markerSet(...(calls.closers ?? []))
  const all = [...(calls.closers ?? []), ...(calls.next ?? [])]
  const ends: ArgumentEnds = {
    markers: markerSet(...all),
    stopsAt: all.map((text) => text.charAt(0)).join(''),
    areTokens,
  }
  const hasClosers = all.length > 0
  return function* (reading, opener) {
    const { cursor } = reading
    if (isBare) cursor.at -= opener.length
    const first = yield* skipSpace(cursor)
    if (first === '' || !opens.includes(first)) return false
    let isList = false
    let hasCalls = false
    for (;;) {
      const next = yield* skipSpace(cursor)
      if (next === '{') {
        if (!(yield* new JsonCall(reading, calls, ends).read())) return cursor.hasEnded && !isBare
        hasCalls = true
        reading.hold()
      } else if (next === '[' && !isList && !hasCalls) {
        cursor.at++
        isList = true
      } else if (next === ']' && isList) {
        cursor.at++
        isList = false
        if (!hasCalls && !hasClosers && !areTokens) return false
        reading.commit()
        if (!hasClosers || calls.isListInside) return true
        reading.hold()
      } else if ((next === '}' || next === ']') && hasClosers) {
        reading.repaired('surplus-closer')
        cursor.at++
      } else if (next === ',' || next === ';') cursor.at++
      else if ((yield* accept(cursor, closers)) !== undefined) return true
      else if (hasCalls && skipBeginning(cursor, ends.markers)) return true
      else if (next === '') return cursor.hasEnded && (hasCalls || !isBare)
      else return false
    }
  }
}

class JsonCall {
  readonly #reading: Reading
  readonly #calls: JsonCalls
  readonly #ends: ArgumentEnds
  #name: string | undefined
  #id: string | undefined
  #hasStarted = false
  /** Arguments that came before the name. */
  #early = ''
  /** Of the arguments; undefined where there were none. */
  #state: CallState | undefined

  constructor(reading: Reading, calls: JsonCalls, ends: ArgumentEnds) {
    this.#reading = reading
    this.#calls = calls
    this.#ends = ends
  }

  /** Reads an object, from its bracket on; false where it is no call, with the cursor before what does not fit. */
  *read(): Waiting<boolean> {
    const { cursor } = this.#reading
    for (let depth = 0; ; ) {
      const next = yield* skipSpace(cursor)
      if (next === '{' && depth === 0) depth++
      else if (next === '}') depth--
      else if (next !== ',') {
        if (next === '') return this.#end('incomplete')
        const { markers, stopsAt } = this.#ends
        if (stopsAt.includes(next) && (yield* standsAt(cursor, markers))) return this.#end('complete')
        // Behind a call that has started it may be text, where the last bracket is missing.
        if (this.#hasStarted) cursor.hold()
        const key = yield* readWord(cursor)
        if (key === undefined || (yield* skipSpace(cursor)) !== ':') return this.#fail()
        if (this.#hasStarted) cursor.drop()
        cursor.at++
        const first = yield* skipSpace(cursor)
        if (key !== 'function' || first !== '{') {
          if (!(yield* this.#readMember(key))) return this.#fail()
          continue
        }
        depth++
      }
      cursor.at++
      if (depth === 0) return this.#end('complete')
    }
  }

  *#readMember(key: string): Waiting<boolean> {
    const {
      nameKeys = ['name', 'function'],
      argumentKeys = ['arguments', 'parameters'],
      idKeys = [],
      isKeyName,
      isBare,
    } = this.#calls
    if (isKeyName) {
      // Every member is a call of its own.
      if (this.#hasStarted) this.#end('complete')
      this.#hasStarted = false
      this.#state = undefined
      this.#name = key
      return yield* this.#readArguments()
    }
    if (nameKeys.includes(key) && this.#name === undefined) {
      this.#name = yield* readWord(this.#reading.cursor)
      return this.#name !== undefined
    }
    // Of several the first counts: what was written cannot be taken back.
    if (argumentKeys.includes(key) && this.#state === undefined) return yield* this.#readArguments()
    const isId = idKeys.includes(key)
    if (isBare && !isId && key !== 'id' && key !== 'type' && this.#state === undefined) return false
    let text = ''
    yield* readValue(this.#reading, this.#ends, (more) => {
      if (isId) text += more
    })
    if (isId) this.#id = /^"[^"\\]+"$/.test(text) ? text.slice(1, -1) : /^\d+$/.test(text) ? text : undefined
    if (this.#hasStarted && this.#id !== undefined) this.#reading.setCallId(this.#id)
    return true
  }

  *#readArguments(): Waiting<boolean> {
    if (this.#name === undefined) {
      this.#state = yield* readArguments(this.#reading, this.#ends, (text) => {
        this.#early += text
      })
      return true
    }
    if (!this.#start()) return false
    this.#state = yield* readArguments(this.#reading, this.#ends)
    return true
  }

  #start(): boolean {
    if (this.#hasStarted) return true
    if (this.#name === undefined) return false
    const { isBare: mustBeDeclared, isIdLate } = this.#calls
    const header = { name: this.#name, id: this.#id, isIdLate: isIdLate && this.#id === undefined, mustBeDeclared }
    this.#hasStarted = this.#reading.startCall(header) !== undefined
    if (this.#hasStarted) this.#reading.arguments(this.#early)
    return this.#hasStarted
  }

  /** `state` is that of a call without arguments. */
  #end(state: CallState): boolean {
    if ((this.#calls.isBare && this.#state === undefined) || !this.#start()) return false
    this.#reading.endCall(this.#state ?? state)
    return true
  }

  #fail(): boolean {
    if (!this.#hasStarted) return false
    const { cursor } = this.#reading
    if (cursor.isHolding && !cursor.hasEnded) cursor.rewind()
    cursor.drop()
    return this.#end('invalid')
  }
}

/**
 * Reads a key or a name, in quotes or without. Undefined where it is none, with the cursor before what cannot belong to
 * one, so that markup behind a string that was never closed is found.
 */
function* readWord(cursor: Cursor): Waiting<string | undefined> {
  const first = yield* peek(cursor)
  PLAIN.lastIndex = cursor.at
  const plain = PLAIN.exec(cursor.text)?.[1]
  if (plain !== undefined) {
    cursor.at = PLAIN.lastIndex
    return plain
  }
  let word = ''
  if (first !== '"' && first !== "'") {
    while (/[\w$.-]/.test(cursor.next || (yield* peek(cursor)))) word += cursor.text.charAt(cursor.at++)
    return word === '' ? undefined : word
  }
  const string = new EncodedText()
  for (;;) {
    const next = cursor.next || (yield* peek(cursor))
    if (next === '' || '<{[(\n'.includes(next)) return undefined
    string.push(next, 0)
    cursor.at++
    word += string.take()
    if (string.isDone) return word
  }
}

/** A word in quotes of which all is there already: nearly all are. */
const PLAIN = /"([^"\\<{[(\n]*)"/y
