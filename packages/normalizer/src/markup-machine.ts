import { CallSink } from './call-sink.ts'
import type { EndedHow, MarkupEvent, Repair } from './markup-event.ts'
import type { CallHeader, MarkupFormat, NameFinder, Opener, Reading } from './markup-format.ts'
import { Cursor, MarkerSet, type Waiting } from './markup-lexer.ts'
import { type ChannelName, TextChannels } from './text-channels.ts'
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
  /**
   * `toolNameByArguments`: an unknown name becomes that of the only tool whose schema fits the arguments. The start of
   * such a call waits for its end.
   */
  readonly repairToolNames?: NameFinder | undefined
  /** `shortestClosing`: closes the arguments of calls that the end of the text cut, but not those of a broken stream. */
  readonly repairTruncated?: ((argumentsText: string) => string) | undefined
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
  const tools = new ToolSet(options.tools)
  let machine = new MarkupMachine(options, tools)
  return {
    push: (text) => machine.push(text),
    end: (how) => machine.end(how),
    reset() {
      machine = new MarkupMachine(options, tools)
    },
  }
}

const MAX_SHORT = 256

type Marker =
  | { readonly kind: 'opener'; readonly opener: Opener }
  | { readonly kind: 'reasoning-opener'; readonly closer: string; readonly isToken: boolean }
  | { readonly kind: 'filler'; readonly isForStart: boolean }
  | { readonly kind: 'reasoning-closer' | 'wrapper-opener' | 'wrapper-closer' | 'end' }

class MarkupMachine extends CallSink implements Reading {
  readonly cursor: Cursor
  readonly maxDepth: number
  isInCode = false
  readonly #markers: MarkerSet<Marker>
  /** Finds backticks and first characters of markers. */
  readonly #special: RegExp
  readonly #channels: TextChannels
  readonly #readsPlainText: boolean
  #reader: Waiting<boolean> | undefined
  #hasCommitted = false
  /** The one whose reader reads, or was the last. */
  #opener: Opener | undefined
  /** Of the calls that were read. */
  #family: string | undefined
  /** What ends the open block of reasoning; undefined where any closer does. */
  #closer: string | undefined
  /** The opener of a wrapper was taken off, so a closer is to be as well. */
  #isWrapped = false

  constructor(options: MarkupParserOptions, tools: ToolSet) {
    super(options, tools)
    const { markers, special } = markersOf(options.format)
    this.#markers = markers
    this.#special = special
    this.maxDepth = options.maxDepth ?? 512
    this.cursor = new Cursor(this.maxHeld)
    this.#channels = new TextChannels(this.events, options.startsIn, this.maxHeld)
    this.#readsPlainText = options.toolChoice !== 'none' && (!options.tools || tools.list.length > 0)
  }

  push(text: string): readonly MarkupEvent[] {
    if (text !== '' && !this.cursor.takeWhole?.(text)) {
      this.cursor.feed(text)
      this.#run()
    }
    return this.events.take()
  }

  end(how: EndedHow): readonly MarkupEvent[] {
    this.how = how
    this.cursor.finish()
    this.#run()
    this.#channels.finish()
    return this.events.take()
  }

  commit(isCloser = false): void {
    if (!this.isInCode || this.#hasCommitted) this.#commit(isCloser)
  }

  hold(): void {
    if (this.#hasCommitted) this.cursor.hold()
  }

  enter(channel: ChannelName, closer?: string): void {
    this.cursor.drop()
    this.#closer = closer
    this.#channels.begin(channel)
  }

  startCall(header: CallHeader): string | undefined {
    const name = this.nameOf(header, this.isInCode || header.mustBeDeclared === true)
    if (name === undefined) return undefined
    this.#commit()
    this.#family = this.#opener?.family
    this.openCall(header, name)
    return name
  }

  #run(): void {
    while (this.#reader || this.#readText()) {
      const step = this.#reader?.next()
      if (step?.done) this.#endReader(step.value)
      // One that waits for text after the end would wait forever.
      else if (this.cursor.isOver) this.#endReader(false)
      else return
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
    cursor.takeWhole = this.#takeWhole
    return false
  }

  readonly #takeWhole = (text: string): boolean => {
    // Through a long text the native search for the markers is faster.
    if (text.length > MAX_SHORT || this.#special.test(text)) return false
    this.#channels.write(text, true)
    return true
  }

  #writeUpTo(index: number): void {
    const { cursor } = this
    if (index > cursor.at) this.#channels.write(cursor.text.slice(cursor.at, index))
    cursor.at = index
  }

  #mayBegin(beginning: string): boolean {
    return this.#markers.startingWith(beginning).some(([text, marker]) => this.#isLegal(marker, text))
  }

  #isLegal(marker: Marker, text: string): boolean {
    const channels = this.#channels
    const isReasoning = channels.channel === 'reasoning'
    const { kind } = marker
    if (kind === 'end') return true
    if (kind === 'opener') {
      const { isToken, where, family } = marker.opener
      if (!isToken && !this.#readsPlainText) return false
      if (this.#family !== undefined && family !== this.#family) return false
      if (isReasoning && this.options.format.ignoresCallsInReasoning) return false
      return where === undefined || (where === 'line' ? channels.code.isLineStart : channels.isBlank)
    }
    if (channels.code.isOpen(text.charAt(0))) return false
    if (kind === 'filler') return channels.isStart || !marker.isForStart
    if (kind === 'reasoning-closer') {
      return isReasoning ? this.#closer === undefined || this.#closer === text : channels.canDropCloser
    }
    if (kind === 'reasoning-opener') return isReasoning ? channels.isBlank : marker.isToken || channels.code.isLineStart
    return !isReasoning && (kind === 'wrapper-closer' ? this.#isWrapped : !this.#isWrapped && channels.isBlank)
  }

  #apply(marker: Exclude<Marker, { kind: 'opener' }>, text: string): void {
    const channels = this.#channels
    const isReasoning = channels.channel === 'reasoning'
    switch (marker.kind) {
      case 'reasoning-opener':
        // Inside reasoning it is an echo of the one that the template wrote.
        if (!isReasoning) this.enter('reasoning', marker.closer)
        break
      case 'reasoning-closer':
        if (!isReasoning && !channels.isOpen) this.options.onRepair?.({ kind: 'stray-closer' })
        channels.closeReasoning()
        break
      case 'wrapper-opener':
        this.#isWrapped = true
        channels.toContent(false)
        break
      case 'filler':
        this.options.onRepair?.({ kind: 'filler' })
        channels.dropNoise()
        break
      default:
        channels.holdTail(text, marker.kind === 'wrapper-closer')
    }
  }

  #startReader(opener: Opener): void {
    this.isInCode = this.#channels.code.isOpen(opener.text.charAt(0))
    this.#hasCommitted = false
    this.#opener = opener
    this.cursor.hold()
    this.cursor.at += opener.text.length
    this.#reader = opener.read(this, opener.text)
  }

  #endReader(isMarkup: boolean): void {
    const { cursor } = this
    this.#reader = undefined
    if (!cursor.isHolding) return
    if (isMarkup && (!this.isInCode || this.#hasCommitted)) {
      this.#commit()
      return
    }
    // One that went back to its opener must not be called for it again.
    const least = this.#hasCommitted ? 0 : (this.#opener?.text.length ?? 0)
    cursor.at += Math.max(0, least - cursor.heldLength)
    const text = cursor.release()
    if (text !== '') this.#channels.write(text)
  }

  #commit(isCloser = false): void {
    this.#hasCommitted = true
    this.cursor.drop()
    if (isCloser && this.#channels.isOpen) this.#channels.closeReasoning()
    else this.#channels.toContent(true)
  }
}

interface Markers {
  readonly markers: MarkerSet<Marker>
  readonly special: RegExp
}

// Compiled once for each format.
const markersByFormat = new WeakMap<MarkupFormat, Markers>()

function markersOf(format: MarkupFormat): Markers {
  const known = markersByFormat.get(format)
  if (known) return known
  const byText = new Map<string, Marker>()
  const add = (marker: Marker, texts: readonly string[] = []) => {
    for (const text of texts) byText.set(text, marker)
  }
  add({ kind: 'end' }, format.endTokens)
  add({ kind: 'filler', isForStart: true }, format.startFillers)
  add({ kind: 'filler', isForStart: false }, format.fillers)
  for (const [opener, closer] of format.wrappers ?? []) {
    add({ kind: 'wrapper-opener' }, [opener])
    add({ kind: 'wrapper-closer' }, [closer])
  }
  for (const { opener, closer, isToken = false } of format.reasoning ?? []) {
    add({ kind: 'reasoning-opener', closer, isToken }, [opener])
    add({ kind: 'reasoning-closer' }, [closer])
  }
  for (const opener of format.openers ?? []) add({ kind: 'opener', opener }, [opener.text])
  const firsts = [...byText.keys()]
    .map((text) => text.charAt(0))
    .join('')
    .replace(/[\\\]^-]/g, '\\$&')
  const made = { markers: new MarkerSet(byText), special: new RegExp(`[\`${firsts}]`) }
  markersByFormat.set(format, made)
  return made
}
