import { CallSink } from './call-sink.ts'
import { EventQueue } from './event-queue.ts'
import type { CallState, EndedHow, MarkupEvent, Repair, RepairKind } from './markup-event.ts'
import type { CallHeader, MarkupFormat, Opener, Reading } from './markup-format.ts'
import { Cursor, MarkerSet, type Waiting } from './markup-lexer.ts'
import { TextChannels } from './text-channels.ts'
import { type ToolDefinition, ToolSet } from './tool.ts'

export interface MarkupParserOptions {
  readonly format: MarkupFormat
  /**
   * Where the model's text begins: in the content, inside reasoning (the template wrote the opener), or `auto`: the
   * first 4096 characters wait for an opener or a closer that tells. Default `text`.
   */
  readonly startsIn?: 'text' | 'reasoning' | 'auto' | undefined
  /**
   * The declared tools. With an empty list, or `toolChoice: 'none'`, only special tokens begin calls, and plain text
   * that looks like a call stays text. Absent means that they are not known: everything is read.
   */
  readonly tools?: readonly ToolDefinition[] | undefined
  readonly toolChoice?: unknown
  /** `index`: in place of the model's own ids only the number of the call in them. Default `verbatim`. */
  readonly toolCallIds?: 'verbatim' | 'index' | undefined
  /** Calls in the conversation before this answer: where numbers of calls count on from. Default 0. */
  readonly firstCallIndex?: number | undefined
  /** An unknown name becomes that of the only tool whose schema fits the arguments. Its start waits for the end. */
  readonly repairToolNames?: 'schema' | undefined
  /** Closes the arguments of calls that the end of the text cut, but not those of a broken stream. Default false. */
  readonly repairTruncated?: boolean | undefined
  readonly onRepair?: ((repair: Repair) => void) | undefined
  /** Makes ids of calls; gets the length that the format asks for. Default `call_` and 24 random characters. */
  readonly newId?: ((length?: number) => string) | undefined
  /** How many characters may be held undecided. Beyond it they are text. At least 64; default 262 144. */
  readonly maxHeld?: number | undefined
  /** Containers inside one another in arguments; deeper ones are passed on unread, as `invalid`. Default 512. */
  readonly maxDepth?: number | undefined
}

/** Takes a model's text in chunks of any size. The events are the same wherever the text was cut, once joined. */
export interface MarkupParser {
  push(text: string): readonly MarkupEvent[]
  /** The text has ended: what was held comes out, and calls that are open end. */
  end(how: EndedHow): readonly MarkupEvent[]
  /** As if it were new. */
  reset(): void
}

/** Never throws, whatever the text, the tools or their schemas are. */
export function createMarkupParser(options: MarkupParserOptions): MarkupParser {
  const markers = markersOf(options.format)
  const tools = new ToolSet(options.tools)
  let machine = new MarkupMachine(options, markers, tools)
  return {
    push: (text) => machine.push(text),
    end: (how) => machine.end(how),
    reset() {
      machine = new MarkupMachine(options, markers, tools)
    },
  }
}

/** Longer than any marker. */
const MIN_HELD = 64

type Marker =
  | { readonly kind: 'reasoning-opener'; readonly closer: string; readonly isToken: boolean }
  | { readonly kind: 'opener'; readonly opener: Opener }
  | { readonly kind: 'reasoning-closer' | 'wrapper-opener' | 'wrapper-closer' | 'end' | 'start-filler' | 'filler' }

class MarkupMachine implements Reading {
  readonly cursor: Cursor
  readonly tools: ToolSet
  readonly maxDepth: number
  readonly maxHeld: number
  readonly #options: MarkupParserOptions
  readonly #markers: MarkerSet<Marker>
  readonly #events = new EventQueue()
  readonly #channels: TextChannels
  readonly #calls: CallSink
  readonly #readsPlainText: boolean
  #reader: Waiting<boolean> | undefined
  #isInCode = false
  #hasCommitted = false
  /** The one whose reader reads, or was the last. */
  #opener: Opener | undefined
  /** Of the calls that were read. */
  #family: string | undefined
  /** What ends the open block of reasoning; undefined where any closer does. */
  #closer: string | undefined
  /** The opener of a wrapper was taken off, so a closer is to be as well. */
  #isWrapped = false
  #how: EndedHow = 'stop'

  constructor(options: MarkupParserOptions, markers: MarkerSet<Marker>, tools: ToolSet) {
    const { startsIn = 'text', maxHeld = 262_144, maxDepth = 512 } = options
    this.#options = options
    this.#markers = markers
    this.tools = tools
    this.maxDepth = maxDepth
    this.maxHeld = Math.max(maxHeld, MIN_HELD)
    this.cursor = new Cursor(this.maxHeld)
    this.#channels = new TextChannels(this.#events, startsIn, this.maxHeld)
    this.#calls = new CallSink(this.#events, options, tools, this.maxHeld)
    this.#readsPlainText = options.toolChoice !== 'none' && (options.tools === undefined || tools.list.length > 0)
  }

  push(text: string): readonly MarkupEvent[] {
    if (text !== '' && !this.cursor.takeWhole?.(text)) {
      this.cursor.feed(text)
      this.#run()
    }
    return this.#events.take()
  }

  end(how: EndedHow): readonly MarkupEvent[] {
    this.#how = how
    this.cursor.finish()
    this.#run()
    this.#channels.finish()
    return this.#events.take()
  }

  get isInCode(): boolean {
    return this.#isInCode
  }

  get channel(): 'content' | 'reasoning' {
    return this.#channels.channel
  }

  get how(): EndedHow {
    return this.#how
  }

  commit(): void {
    if (!this.#isInCode || this.#hasCommitted) this.#commit()
  }

  hold(): void {
    if (this.#hasCommitted) this.cursor.hold()
  }

  enter(channel: 'content' | 'reasoning', closer?: string): void {
    this.cursor.drop()
    this.#closer = closer
    if (channel === 'reasoning') this.#channels.toReasoning()
    else this.#channels.beginContent()
  }

  startCall(header: CallHeader): string | undefined {
    const name = this.#calls.nameOf(header, this.#isInCode || header.mustBeDeclared === true)
    if (name === undefined) return undefined
    this.#commit()
    this.#family = this.#opener?.family
    this.#calls.start(header, name)
    return name
  }

  arguments(text: string): void {
    this.#calls.arguments(text)
  }

  endCall(state: CallState): void {
    this.#calls.end(state, this.#how)
  }

  setCallId(id: string): void {
    this.#calls.setId(id)
  }

  repaired(kind: RepairKind, detail?: string): void {
    this.#calls.repaired(kind, detail, true)
  }

  #run(): void {
    let stuckAt = -1
    for (;;) {
      const reader = this.#reader
      if (!reader) {
        if (this.#readText()) continue
        return
      }
      const { done, value } = reader.next()
      if (done) this.#endReader(value)
      else if (!this.cursor.isOver) return
      else if (stuckAt === this.cursor.at) this.#endReader(false)
      else stuckAt = this.cursor.at
    }
  }

  /** Reads text up to an opener whose reader takes over; false where the text ends before. */
  #readText(): boolean {
    const { cursor } = this
    let from = cursor.at
    while (this.#markers.find(cursor.text, from)) {
      const { index, text, value, isOpen } = this.#markers
      this.#writeUpTo(index)
      from = index + 1
      if (isOpen && !cursor.isOver && this.#mayBegin(text)) return false
      if (value !== undefined && this.#isLegal(value, text)) {
        if (value.kind === 'opener') {
          this.#startReader(value.opener)
          return true
        }
        cursor.at += text.length
        from = cursor.at
        this.#apply(value, text)
      }
    }
    this.#writeUpTo(cursor.text.length)
    return false
  }

  #writeUpTo(index: number): void {
    const { cursor } = this
    if (index > cursor.at) this.#channels.write(cursor.text.slice(cursor.at, index))
    cursor.at = index
  }

  #mayBegin(beginning: string): boolean {
    for (const [text, marker] of this.#markers.startingWith(beginning)) if (this.#isLegal(marker, text)) return true
    return false
  }

  #isLegal(marker: Marker, text: string): boolean {
    const channels = this.#channels
    const isReasoning = channels.channel === 'reasoning'
    if (marker.kind === 'end') return true
    if (marker.kind === 'opener') {
      const { isToken = false, where, family } = marker.opener
      if (!isToken && !this.#readsPlainText) return false
      if (this.#family !== undefined && family !== this.#family) return false
      if (isReasoning && this.#options.format.ignoresCallsInReasoning) return false
      return where === undefined || (where === 'line' ? channels.isLineStart : channels.isBlank)
    }
    if (channels.isInCode(text.charAt(0))) return false
    switch (marker.kind) {
      case 'reasoning-opener':
        return isReasoning ? channels.isBlank : marker.isToken || channels.isLineStart
      case 'reasoning-closer':
        if (isReasoning) return this.#closer === undefined || this.#closer === text
        return channels.isOpen || channels.canDropCloser
      case 'wrapper-opener':
        return !isReasoning && !this.#isWrapped && channels.isBlank
      case 'wrapper-closer':
        return !isReasoning && this.#isWrapped
      case 'start-filler':
        return channels.isStart
      case 'filler':
        return true
    }
  }

  #apply(marker: Exclude<Marker, { kind: 'opener' }>, text: string): void {
    const channels = this.#channels
    switch (marker.kind) {
      case 'reasoning-opener':
        // Inside reasoning it is an echo of the one that the template wrote.
        if (channels.channel === 'reasoning') break
        this.#closer = marker.closer
        channels.toReasoning()
        break
      case 'reasoning-closer':
        if (channels.channel === 'content' && !channels.isOpen) this.#calls.repaired('stray-closer')
        this.#closer = undefined
        channels.closeReasoning()
        break
      case 'wrapper-opener':
        this.#isWrapped = true
        channels.toContent(false)
        break
      case 'wrapper-closer':
      case 'end':
        channels.writeTail(text, marker.kind === 'wrapper-closer')
        break
      case 'start-filler':
      case 'filler':
        this.#calls.repaired('filler')
        channels.dropNoise()
        break
    }
  }

  #startReader(opener: Opener): void {
    this.#isInCode = this.#channels.isInCode(opener.text.charAt(0))
    this.#hasCommitted = false
    this.#opener = opener
    this.cursor.hold()
    this.cursor.at += opener.text.length
    this.#reader = opener.read(this, opener.text)
  }

  #endReader(isMarkup: boolean | undefined): void {
    this.#reader = undefined
    if (!this.cursor.isHolding) return
    if (isMarkup && (!this.#isInCode || this.#hasCommitted)) this.#commit()
    else {
      const text = this.#releaseText()
      if (text !== '') this.#channels.write(text)
    }
  }

  /** At least the opener: a reader that went back to it must not be called for it again. */
  #releaseText(): string {
    const { cursor } = this
    const text = cursor.release()
    const missing = this.#hasCommitted ? 0 : (this.#opener?.text.length ?? 0) - text.length
    if (missing <= 0) return text
    cursor.at += missing
    return text + cursor.text.slice(cursor.at - missing, cursor.at)
  }

  #commit(): void {
    this.#hasCommitted = true
    this.#closer = undefined
    this.cursor.drop()
    this.#channels.toContent(true)
  }
}

const markersByFormat = new WeakMap<MarkupFormat, MarkerSet<Marker>>()

function markersOf(format: MarkupFormat): MarkerSet<Marker> {
  const known = markersByFormat.get(format)
  if (known) return known
  const markers = new Map<string, Marker>()
  const add = (texts: readonly string[] | undefined, marker: Marker) => {
    for (const text of texts ?? []) markers.set(text, marker)
  }
  add(format.endTokens, { kind: 'end' })
  add(format.startFillers, { kind: 'start-filler' })
  add(format.fillers, { kind: 'filler' })
  for (const [opener, closer] of format.wrappers ?? []) {
    markers.set(opener, { kind: 'wrapper-opener' })
    markers.set(closer, { kind: 'wrapper-closer' })
  }
  for (const { opener, closer, isToken = false } of format.reasoning ?? []) {
    if (opener !== '') markers.set(opener, { kind: 'reasoning-opener', closer, isToken })
    markers.set(closer, { kind: 'reasoning-closer' })
  }
  for (const opener of format.openers ?? []) markers.set(opener.text, { kind: 'opener', opener })
  const set = new MarkerSet(markers)
  markersByFormat.set(format, set)
  return set
}
