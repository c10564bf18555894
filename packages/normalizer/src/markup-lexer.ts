/** A reader that waits for text: it yields where the cursor has to be given more. */
export type Waiting<T> = Generator<undefined, T, undefined>

/**
 * A place in text that comes in chunks. A reader looks at `text` from `at` on and moves `at`; what lies before it is
 * gone, unless it is held. No decision may depend on where `text` ends: as long as more could matter and `isOver` is
 * false, yield and look again.
 *
 * While text is held, no more than `maxHeld` characters of it can be seen, so that what a reader decides at that bound
 * does not depend on how the text was cut.
 */
export class Cursor {
  text = ''
  at = 0
  /**
   * Set by who waits for the next chunk with nothing unread or held: takes it whole in place of `feed`, or returns false.
   * To wake readers inside of readers for every few characters of a long value would be most of the work.
   */
  takeWhole: ((chunk: string) => boolean) | undefined
  readonly #maxHeld: number
  #hasEnded = false
  /** Read pieces of what is held, without those in `text`; undefined where nothing is held. */
  #held: string[] | undefined
  #heldLength = 0
  /** Where in `text` the held part begins. */
  #from = 0
  /** The text with its part beyond the bound, where the bound was met. */
  #whole: string | undefined

  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld
  }

  /** No more text can be had, because it has ended or the bound of what is held is met. */
  get isOver(): boolean {
    return this.#hasEnded || this.#whole !== undefined
  }

  /** The text itself has ended, and this is all of it. */
  get hasEnded(): boolean {
    return this.#hasEnded && this.#whole === undefined
  }

  /** The character that stands here, '' where there is none yet. */
  get next(): string {
    return this.text.charAt(this.at)
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** Of what is held and was read. */
  get heldLength(): number {
    return this.#heldLength + this.at - this.#from
  }

  feed(chunk: string): void {
    this.takeWhole = undefined
    if (this.#held) {
      this.#held.push(this.text.slice(this.#from, this.at))
      this.#heldLength = this.heldLength
      this.#from = 0
    }
    this.text = this.at < this.text.length ? this.text.slice(this.at) + chunk : chunk
    this.at = 0
    this.#applyBound()
  }

  finish(): void {
    this.#hasEnded = true
  }

  /** From here on what is read is kept, until `drop`, `release` or `rewind`. */
  hold(): void {
    this.drop()
    this.#held = []
    this.#heldLength = 0
    this.#from = this.at
    this.#applyBound()
  }

  /** What was held is forgotten. */
  drop(): void {
    this.#held = undefined
    this.text = this.#whole ?? this.text
    this.#whole = undefined
  }

  /** Ends the holding and returns what was read since it began. */
  release(): string {
    const held = (this.#held?.join('') ?? '') + this.text.slice(this.#from, this.at)
    this.drop()
    return held
  }

  /** Ends the holding, with the cursor where it began. */
  rewind(): void {
    const held = this.#held?.join('') ?? ''
    this.drop()
    this.text = held + this.text.slice(this.#from)
    this.at = 0
  }

  #applyBound(): void {
    if (!this.#held) return
    const end = this.#from + this.#maxHeld - this.#heldLength
    if (this.text.length <= end) return
    this.#whole = this.text
    this.text = this.text.slice(0, end)
  }
}

/**
 * Finds whichever of some literal texts comes first, with one native search. Of two that begin alike the longer one is
 * found. Every one has a value, by which it is told from the others.
 */
export class MarkerSet<T> {
  readonly #values: ReadonlyMap<string, T>
  readonly #anywhere: RegExp
  readonly #here: RegExp
  /** Of the last find. */
  index = 0
  text = ''
  /** Undefined where only the beginning of a marker was found, at the end of the text. */
  value: T | undefined
  /** With more text it may become a marker, or another one. */
  isOpen = false

  constructor(markers: ReadonlyMap<string, T>) {
    this.#values = markers
    const source = branches([...markers.keys()], false) || '[]'
    this.#anywhere = new RegExp(source, 'g')
    this.#here = new RegExp(source, 'y')
  }

  /** Finds the first marker at `from` or later, or the beginning of one at the end of the text. */
  find(text: string, from: number): boolean {
    return this.#run(this.#anywhere, text, from)
  }

  /** The same at `from` itself. */
  findAt(text: string, from: number): boolean {
    return this.#run(this.#here, text, from)
  }

  /** All markers that begin so. */
  startingWith(beginning: string): [string, T][] {
    return [...this.#values].filter(([text]) => text.startsWith(beginning))
  }

  #run(expression: RegExp, text: string, from: number): boolean {
    expression.lastIndex = from
    const found = expression.exec(text)
    if (!found) return false
    this.index = found.index
    this.text = found[0]
    this.value = this.#values.get(this.text)
    const isAtEnd = this.index + this.text.length === text.length
    this.isOpen = isAtEnd && (this.value === undefined || this.startingWith(this.text).length > 1)
    return true
  }
}

/** As a trie, in which every text may also be broken off by the end. */
function branches(texts: readonly string[], canEnd: boolean): string {
  const firsts = new Set(texts.map((text) => text.charAt(0)))
  const mayStop = firsts.delete('')
  if (firsts.size === 0) return ''
  const all = [...firsts].map((first) => {
    const rests = texts.flatMap((text) => (text.startsWith(first) ? text.slice(1) : []))
    return first.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&') + branches(rests, true)
  })
  if (canEnd) all.push('$')
  if (canEnd && mayStop) all.push('')
  return `(?:${all.join('|')})`
}

/** A set whose values are the texts themselves. */
export function markerSet(...texts: readonly string[]): MarkerSet<string> {
  return new MarkerSet(new Map(texts.map((text) => [text, text])))
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** Goes to the next character that is no white space, and returns it; '' where the text is over. */
export function* skipSpace(cursor: Cursor): Waiting<string> {
  for (;;) {
    while (isSpace(cursor.text.charCodeAt(cursor.at))) cursor.at++
    if (cursor.at < cursor.text.length || cursor.isOver) return cursor.next
    yield
  }
}

/** Goes behind the marker that stands here and returns its value; undefined where none does. */
export function* accept<T>(cursor: Cursor, markers: MarkerSet<T>): Waiting<T | undefined> {
  if (!(yield* standsAt(cursor, markers))) return undefined
  cursor.at += markers.text.length
  return markers.value
}

/** Whether one of the markers stands here. */
export function* standsAt(cursor: Cursor, markers: MarkerSet<unknown>): Waiting<boolean> {
  while (cursor.at === cursor.text.length && !cursor.isOver) yield
  while (markers.findAt(cursor.text, cursor.at)) {
    if (!markers.isOpen || cursor.isOver) return markers.value !== undefined
    yield
  }
  return false
}

/** Where the text ended inside one of the markers: goes behind it, as it is no text. */
export function skipBeginning(cursor: Cursor, markers: MarkerSet<unknown>): boolean {
  if (!cursor.hasEnded || !markers.findAt(cursor.text, cursor.at) || markers.value !== undefined) return false
  cursor.at = cursor.text.length
  return true
}

/** The character that stands here, '' where the text is over. */
export function* peek(cursor: Cursor): Waiting<string> {
  while (cursor.at === cursor.text.length && !cursor.isOver) yield
  return cursor.next
}

/** Reads as far as the characters of a sticky pattern go. */
export function* readWhile(cursor: Cursor, pattern: RegExp): Waiting<string> {
  let read = ''
  for (;;) {
    pattern.lastIndex = cursor.at
    pattern.test(cursor.text)
    read += cursor.text.slice(cursor.at, pattern.lastIndex)
    cursor.at = pattern.lastIndex
    if (cursor.at < cursor.text.length || cursor.isOver) return read
    yield
  }
}

const NAME = /[^\s<>{}[\]()\\"'`]*/y

/** Reads a name; '' where none stands here. */
export function readName(cursor: Cursor): Waiting<string> {
  return readWhile(cursor, NAME)
}
