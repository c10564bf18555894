import { mendJson, readJson } from './json-value.ts'
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
import { readArguments } from './read-arguments.ts'
import type { ArgumentEnds } from './value-stream.ts'

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
  /** They stand in a list whose bracket was read, in something that goes on behind it. */
  readonly isInList?: boolean
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
    let isList = calls.isInList === true
    let hasCalls = false
    for (;;) {
      const next = yield* skipSpace(cursor)
      if (next === '{') {
        const isCall = yield* readCall(reading, calls, ends)
        if (!isCall) return isCall === undefined && cursor.hasEnded && !isBare
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
        if (!hasClosers || calls.isInList) return true
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

const NAME_KEYS = ['name', 'function']
const ARGUMENT_KEYS = ['arguments', 'parameters']

/**
 * Reads an object, from its bracket on; false where it is no call, with the cursor before what does not fit. Undefined
 * where nothing of a call was there that could be lost.
 */
function* readCall(reading: Reading, calls: JsonCalls, ends: ArgumentEnds): Waiting<boolean | undefined> {
  const { cursor } = reading
  const { nameKeys = NAME_KEYS, argumentKeys = ARGUMENT_KEYS, idKeys, isKeyName, isBare, isIdLate } = calls
  let name: string | undefined
  let id: string | undefined
  /** Arguments that came before the name. */
  let early = ''
  /** Of the arguments; undefined where there were none. */
  let state: CallState | undefined
  let hasStarted = false
  /** Something was read that would be lost without a name. */
  let hasData = false
  /** Of a call without arguments. */
  let ending: CallState = 'invalid'

  function start(): boolean {
    if (hasStarted || name === undefined) return hasStarted
    const header = { name, id, isIdLate: isIdLate && id === undefined, mustBeDeclared: isBare }
    hasStarted = reading.startCall(header) !== undefined
    if (hasStarted) reading.arguments(early)
    return hasStarted
  }

  for (let depth = 0; ; ) {
    const next = yield* skipSpace(cursor)
    if (next === ',' || next === '}' || (next === '{' && depth === 0)) {
      cursor.at++
      if (next === '{') depth++
      if (next !== '}' || --depth > 0) continue
      ending = 'complete'
      break
    }
    if (next === '' || (ends.stopsAt.includes(next) && (yield* standsAt(cursor, ends.markers)))) {
      ending = next === '' ? 'incomplete' : 'complete'
      break
    }
    // Behind a call that has started it may be text, where the last bracket is missing.
    if (hasStarted) cursor.hold()
    const key = yield* readWord(cursor)
    if (key === undefined || (yield* skipSpace(cursor)) !== ':') break
    if (hasStarted) cursor.drop()
    cursor.at++
    if ((yield* skipSpace(cursor)) === '{' && key === 'function') {
      cursor.at++
      depth++
    } else if (!isKeyName && nameKeys.includes(key) && name === undefined) {
      name = yield* readWord(cursor)
      if (name === undefined) break
    } else if (isKeyName || (argumentKeys.includes(key) && state === undefined)) {
      // Of several the first counts: what was written cannot be taken back.
      if (isKeyName) {
        // Every member is a call of its own.
        if (hasStarted) reading.endCall(state ?? 'complete')
        hasStarted = false
        name = key
      }
      hasData = true
      if (name === undefined) state = yield* readArguments(reading, ends, (text) => (early += text))
      else if (start()) state = yield* readArguments(reading, ends)
      else break
    } else {
      const isId = idKeys?.includes(key)
      const isHeader = isId || key === 'id' || key === 'type'
      hasData ||= !isHeader
      if (isBare && !isHeader && state === undefined) break
      let text = ''
      yield* readJson(reading, ends, (more) => {
        if (isId) text += more
      })
      if (isId) id = /^(?:"([^"\\]+)"|(\d+))$/.exec(text)?.slice(1).join('')
      if (hasStarted && id !== undefined) reading.setCallId(id)
    }
  }
  if (ending === 'invalid') {
    if (!hasStarted) return hasData ? false : undefined
    if (cursor.isHolding && !cursor.hasEnded) cursor.rewind()
    cursor.drop()
  } else if ((isBare && state === undefined) || !start()) return hasData ? false : undefined
  reading.endCall(state ?? ending)
  return true
}

/** A word in quotes of which all is there already: nearly all are. */
const PLAIN = /"([^"\\<{[(\n]*)"/y

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
  const isQuoted = first === '"' || first === "'"
  let word = ''
  let isEscaped = false
  for (;;) {
    const next = cursor.next || (yield* peek(cursor))
    if (isQuoted ? next === '' || '<{[(\n'.includes(next) : !/[\w$.-]/.test(next)) break
    word += next
    cursor.at++
    if (isQuoted && next === first && !isEscaped && word !== first) {
      const json = mendJson(word)?.json
      return json && JSON.parse(json)
    }
    isEscaped = next === '\\' && !isEscaped
  }
  return isQuoted || word === '' ? undefined : word
}
