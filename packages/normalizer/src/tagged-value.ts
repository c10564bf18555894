import { escapeJson } from './json-string.ts'
import type { Reading } from './markup-format.ts'
import { isSpace, MarkerSet, peek, skipSpace, standsAt, type Waiting } from './markup-lexer.ts'
import { coerce, jsonOf, streamsAsString, typesOf } from './schema.ts'
import { propertyOf } from './tool.ts'

/** What ends a value of bare text. */
export interface ValueEnd {
  readonly text: string
  /** It ends the value only where one of these follows, after white space, or the end of the text. */
  readonly before?: readonly string[]
  /** It belongs to what follows: the value's own closer is missing. */
  readonly stays?: boolean
}

interface KnownEnd {
  readonly stays: boolean
  readonly before: MarkerSet<string> | undefined
}

/** Compiled once per format. */
export function valueEnds(ends: readonly ValueEnd[]): MarkerSet<KnownEnd> {
  return new MarkerSet(
    new Map(
      ends.map(({ text, before, stays = false }) => [
        text,
        { stays, before: before && new MarkerSet(new Map(before.map((follower) => [follower, follower]))) },
      ]),
    ),
  )
}

export interface TaggedValue {
  /** What the markup says of its type. Absent: the schema says it. */
  readonly as?: 'string' | 'json' | undefined
  /** If it is an object and stays the only member, it is all of the arguments. */
  readonly isWhole?: boolean | undefined
  /** A line break at each end belongs to the tags. */
  readonly trimsNewlines?: boolean | undefined
}

/** Writes the arguments of a call whose values are text between tags, one member after the other. */
export class TaggedArguments {
  readonly #reading: Reading
  readonly #schema: Readonly<Record<string, unknown>> | undefined
  #hasMembers = false
  /** A first member that may be all of the arguments. */
  #whole: { readonly key: string; readonly text: string; readonly as: 'string' | 'json' | undefined } | undefined

  constructor(reading: Reading, toolName: string) {
    this.#reading = reading
    this.#schema = reading.tools.schemaOf(toolName)
  }

  get hasMembers(): boolean {
    return this.#hasMembers
  }

  /** Whether a parameter of that name may hold all arguments: it is the first, and known to be none of the tool's. */
  mayBeWhole(key: string): boolean {
    return !this.#hasMembers && this.#schema !== undefined && propertyOf(this.#schema, key) === undefined
  }

  /** `json` is the JSON text of the value, or its beginning. */
  member(key: string, json: string): void {
    this.#writeWhole()
    this.#reading.arguments(`${this.#hasMembers ? ',' : '{'}"${escapeJson(key)}":${json}`)
    this.#hasMembers = true
  }

  /**
   * Reads a value up to its end and writes it. Strings are written as they come, all else when it is complete. False
   * where the text ended inside of it.
   */
  *readValue(key: string, ends: MarkerSet<KnownEnd>, options: TaggedValue = {}): Waiting<boolean> {
    const { as, isWhole, trimsNewlines = false } = options
    const reading = this.#reading
    this.#writeWhole()
    const isString = as ? as === 'string' : streamsAsString(typesOf(propertyOf(this.#schema, key), this.#schema))
    /** Waits for the end; what is too long to wait becomes a string. */
    let waiting: string | undefined = ''
    const beginString = (text: string) => {
      waiting = undefined
      this.member(key, `"${escapeJson(text)}`)
    }
    if (isString && !isWhole) beginString('')
    const isEnded = yield* readRaw(reading, ends, trimsNewlines, (text) => {
      if (waiting === undefined) reading.arguments(escapeJson(text))
      else {
        waiting += text
        if (waiting.length > reading.maxHeld) beginString(waiting)
      }
    })
    if (!isEnded) return false
    if (waiting === undefined) reading.arguments('"')
    else if (isWhole) this.#whole = { key, text: waiting, as }
    else this.member(key, this.#convert(key, waiting, as))
    return true
  }

  /** The format's own end of the call. */
  close(): void {
    const json = this.#whole && jsonOrString(this.#whole.text)
    if (json?.startsWith('{')) this.#reading.arguments(json)
    else {
      this.#writeWhole()
      if (this.#hasMembers) this.#reading.arguments('}')
    }
    this.#reading.endCall('complete')
  }

  /** The call ended without its end: by what follows, or with the text. */
  closeEarly(): void {
    const { cursor, how } = this.#reading
    const isEmpty = !this.#hasMembers && !this.#whole
    if (cursor.hasEnded && (how !== 'stop' || isEmpty)) {
      this.#writeWhole()
      this.#reading.endCall('incomplete')
    } else {
      this.#reading.repaired('missing-closer')
      this.close()
    }
  }

  #convert(key: string, text: string, as: 'string' | 'json' | undefined): string {
    if (as === 'json') return jsonOrString(text)
    return as === 'string' ? `"${escapeJson(text)}"` : coerce(text, propertyOf(this.#schema, key), this.#schema)
  }

  /** It is a member like others. */
  #writeWhole(): void {
    const whole = this.#whole
    this.#whole = undefined
    if (whole) this.member(whole.key, this.#convert(whole.key, whole.text, whole.as))
  }
}

/** Gives the text up to its end to `write`, and goes behind the end. False where the text is over before. */
export function* readRaw(
  { cursor }: Reading,
  ends: MarkerSet<KnownEnd>,
  trimsNewlines: boolean,
  write: (text: string) => void,
): Waiting<boolean> {
  let newline = ''
  const add = (text: string) => {
    if (text === '') return
    const isHeld = trimsNewlines && text.endsWith('\n')
    const rest = isHeld ? newline + text.slice(0, -1) : newline + text
    newline = isHeld ? '\n' : ''
    if (rest !== '') write(rest)
  }
  if (trimsNewlines && (yield* peek(cursor)) === '\n') cursor.at++
  const takeWhole = (chunk: string) => {
    if (ends.find(chunk, 0)) return false
    add(chunk)
    return true
  }
  for (;;) {
    const { text } = cursor
    let isFound = ends.find(text, cursor.at)
    // What is a closer by its looks only is passed at once, where what follows is there: a value may hold thousands.
    while (isFound && ends.value?.before && !mayStand(text, ends.index + ends.text.length, ends.value.before)) {
      isFound = ends.find(text, ends.index + 1)
    }
    const { index, value: end, text: found } = ends
    add(text.slice(cursor.at, isFound ? index : text.length))
    cursor.at = isFound ? index : text.length
    if (!isFound || !end) {
      if (cursor.isOver) {
        add(text.slice(cursor.at))
        cursor.at = text.length
        return false
      }
      if (!isFound && !cursor.isHolding) cursor.takeWhole = takeWhole
      yield
      continue
    }
    cursor.hold()
    cursor.at += found.length
    if (!end.before || (yield* mayFollow(cursor, end.before))) {
      if (end.stays) cursor.rewind()
      else cursor.drop()
      return true
    }
    add(cursor.release())
  }
}

/** Whether, after white space, one of the markers may stand, as far as the text goes. */
function mayStand(text: string, from: number, markers: MarkerSet<string>): boolean {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at === text.length || markers.findAt(text, at)
}

/** Whether, after white space, one of the markers or the end of the text follows, in the midst of a marker too. */
function* mayFollow(cursor: Reading['cursor'], markers: MarkerSet<string>): Waiting<boolean> {
  yield* skipSpace(cursor)
  if (yield* standsAt(cursor, markers)) return true
  return cursor.hasEnded && (cursor.at === cursor.text.length || markers.findAt(cursor.text, cursor.at))
}

function jsonOrString(text: string): string {
  return jsonOf(text) ?? `"${escapeJson(text)}"`
}
