import { escapeJson } from './json-string.ts'
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
import { readArguments, skipSurplus } from './read-arguments.ts'
import { TaggedArguments, valueEnds } from './tagged-value.ts'

/** Calls as tags with attributes: `<function=NAME><parameter=KEY>VALUE</parameter></function>` and the like. */
export interface TaggedCalls {
  /** How tags of a call and of a parameter begin; they end with `>`. */
  readonly call: readonly string[]
  readonly parameter: readonly string[]
  readonly callClosers: readonly string[]
  readonly valueClosers: readonly string[]
  /** Around all calls. */
  readonly blockClosers: readonly string[]
  /** Stands before and after each call. */
  readonly frame?: readonly string[]
  /** A line break at each end of a value belongs to the tags. */
  readonly trimsNewlines?: boolean
  /** A value may be ended by the next tag where its closer is missing. */
  readonly mayLackClosers?: boolean
  /** The opener of the block is a special token: it is dropped where no call follows. */
  readonly isToken?: boolean
  /** Reads the tag of a parameter. Default: its first attribute is the key. */
  readonly readParameter?: (tag: string) => Parameter | undefined
  /** In place of parameters there may be one JSON object. */
  readonly mayBeJson?: boolean
  /** Names of a parameter that holds all arguments, where the tool declares none of that name. */
  readonly wholes?: readonly string[]
}

export interface Parameter {
  readonly key: string
  /** What the markup says of its type; absent where the schema does. */
  readonly as?: 'string' | 'json'
  /** Where the tag holds the value itself. */
  readonly value?: string
}

/** `<invoke name="NAME"><parameter name="KEY">VALUE</parameter></invoke>` */
export const invokeCalls = {
  call: ['<invoke name'],
  parameter: ['<parameter name'],
  callClosers: ['</invoke>'],
  valueClosers: ['</parameter>'],
}

/** `<function=NAME><parameter=KEY>VALUE</parameter></function>` as Qwen3-Coder writes it, line by line. */
export const functionCalls = {
  call: ['<function=', '<function =', '< function'],
  parameter: ['<parameter=', '<parameter =', '< parameter'],
  callClosers: ['</function>'],
  valueClosers: ['</parameter>'],
  trimsNewlines: true,
  mayLackClosers: true,
}

/** Reads a block of calls behind its opener. Where the opener itself begins a call, the tool has to be declared. */
export function readTaggedCalls(calls: TaggedCalls): Reader {
  const {
    call,
    parameter,
    callClosers,
    valueClosers,
    blockClosers,
    frame = [],
    trimsNewlines,
    mayLackClosers,
    isToken,
  } = calls
  const { readParameter = readKey, wholes = [] } = calls
  const callOpeners = markerSet(...call)
  const parameters = markerSet(...parameter)
  const closersOfCall = markerSet(...callClosers)
  const closersOfBlock = markerSet(...blockClosers)
  const noise = markerSet(...valueClosers)
  const frames = markerSet(...frame)
  const afterValue = [...parameter, ...callClosers, ...valueClosers, ...call, ...blockClosers, ...frame]
  const afterCall = [...call, ...blockClosers, ...frame]
  const behindValue = markerSet(...afterValue)
  const behindCall = markerSet(...afterCall)
  const ends = valueEnds([
    ...valueClosers.map((text) => ({ text, before: afterValue })),
    ...(mayLackClosers ? parameter.map((text) => ({ text, stays: true })) : []),
    ...(mayLackClosers ? callClosers.map((text) => ({ text, before: afterCall, stays: true })) : []),
  ])

  const jsonEnds = { markers: markerSet(...callClosers, ...afterCall), stopsAt: '<' }

  function* readCall(reading: Reading, mustBeDeclared: boolean): Waiting<boolean> {
    const { cursor } = reading
    const written = attributeOf(yield* readTag(cursor))
    const name = written && reading.startCall({ name: written, mustBeDeclared })
    if (!name) return false
    const values = new TaggedArguments(reading, name)
    yield* skipSpace(cursor)
    if (calls.mayBeJson && (yield* peek(cursor)) === '{') {
      reading.endCall(yield* readArguments(reading, jsonEnds))
      yield* skipSurplus(reading, closersOfCall)
      yield* accept(cursor, closersOfCall)
      return true
    }
    for (;;) {
      yield* skipSpace(cursor)
      if (yield* accept(cursor, closersOfCall)) {
        values.close()
        return true
      }
      if ((yield* accept(cursor, noise)) !== undefined) continue
      const hasTag = yield* standsAt(cursor, parameters)
      const tag = hasTag ? yield* readTag(cursor) : undefined
      const found = tag === undefined ? undefined : readParameter(tag)
      if (tag === undefined && (cursor.at === cursor.text.length ? hasTag : skipBeginning(cursor, parameters))) {
        reading.endCall('incomplete')
        return true
      }
      if (tag === undefined || found === undefined) {
        // The tag is of the same chunk: it was read in one piece.
        if (tag !== undefined) cursor.at -= tag.length
        else skipBeginning(cursor, behindValue)
        values.closeEarly()
        return true
      }
      const { key, as, value } = found
      const isWhole = wholes.includes(key) && values.mayBeWhole(key)
      if (value !== undefined) values.member(key, `"${escapeJson(value)}"`)
      else if (!(yield* values.readValue(key, ends, { as, isWhole, trimsNewlines }))) {
        reading.endCall('incomplete')
        return true
      }
    }
  }

  return function* (reading, opener) {
    const { cursor } = reading
    const isBare = call.includes(opener)
    if (isBare) cursor.at -= opener.length
    for (let count = 0; ; count++) {
      if (count > 0) reading.hold()
      do yield* skipSpace(cursor)
      while (yield* accept(cursor, frames))
      const isCertain = count > 0 || isToken === true
      if (isCertain && (yield* accept(cursor, closersOfBlock))) return true
      if (!(yield* standsAt(cursor, callOpeners))) {
        if (isCertain) skipBeginning(cursor, behindCall)
        return cursor.hasEnded && isCertain
      }
      if (!(yield* readCall(reading, isBare))) return cursor.hasEnded && !isBare
    }
  }
}

const MAX_TAG = 1024

/** Goes behind the tag that stands here. Undefined where it has no end: nothing is read then, or all, if the text ended. */
export function* readTag(cursor: Cursor): Waiting<string | undefined> {
  for (;;) {
    const { text, at } = cursor
    ANGLE.lastIndex = at + 1
    const end = ANGLE.test(text) ? ANGLE.lastIndex : -1
    const length = end === -1 ? text.length - at : end - at
    if (length > MAX_TAG || text[end - 1] === '<') return undefined
    if (end === -1 && cursor.isOver) {
      if (cursor.hasEnded) cursor.at = text.length
      return undefined
    }
    if (end !== -1) {
      cursor.at = end
      return text.slice(at, end)
    }
    yield
  }
}

const ANGLE = /[<>]/g

function readKey(tag: string): Parameter | undefined {
  const key = attributeOf(tag)
  return key === undefined ? undefined : { key }
}

/** The value of the first attribute of a tag, in quotes or without. */
export function attributeOf(tag: string | undefined): string | undefined {
  const [, double, single, bare] = /=\s*(?:"([^"]*)"|'([^']*)'|([^>]*?)\s*\/?>)/.exec(tag ?? '') ?? []
  return double ?? single ?? bare
}
