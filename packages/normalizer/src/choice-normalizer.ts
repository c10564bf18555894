import type { ChatDelta, ChatToolCallPiece } from './chat-types.ts'
import { endedHow, finishReasonFor } from './finish-reason.ts'
import { tokenCallsOnly, withoutCalls } from './format-parts.ts'
import type { EndedHow, MarkupEvent, Repair, RepairKind } from './markup-event.ts'
import type { MarkupFormat } from './markup-format.ts'
import { createMarkupParser, type MarkupParser } from './markup-machine.ts'
import { type MarkupCall, NativeCalls } from './native-calls.ts'
import { isText, NativeReasoning, readParts } from './native-reasoning.ts'
import { newCallId } from './new-call-id.ts'
import { type PlainOptions, parserOptions } from './plain-options.ts'
import { ToolSet } from './tool.ts'

export interface NormalizeOptions extends PlainOptions {
  /** What came of one choice, told once at its end. */
  readonly onReport?: ((report: NormalizeReport) => void) | undefined
}

export interface NormalizeReport {
  /** The index of the choice. */
  readonly choice: number
  /** Calls read out of the text. */
  readonly calls: number
  /** Those of them that stood in reasoning which the upstream had separated itself. */
  readonly callsInReasoning: number
  /** How often each kind of repair was made. */
  readonly repairs: Readonly<Partial<Record<RepairKind, number>>>
}

/** Has one field: clients that read one field of a delta only are common. */
export interface Piece {
  reasoning_content?: string
  content?: string
  tool_calls?: readonly unknown[]
}

/** What becomes of a delta that does not stay as it is. */
export interface NormalDelta {
  readonly pieces: readonly Piece[]
  /** The fields of the delta that are not read here. */
  readonly rest: ChatDelta
  readonly reason: string | null | undefined
}

/** Characters of arguments that are remembered to recognise the same call in native form. */
const rememberedLength = 1 << 18

/** A parser and the index in the choice of each of its calls. */
interface Source {
  readonly parser: MarkupParser
  readonly indexes: number[]
  readonly isNativeReasoning: boolean
}

/** Reads the deltas of one choice; those of a stream, or a whole message as the only one. */
export class ChoiceNormalizer {
  readonly #index: number
  readonly #options: NormalizeOptions
  readonly #tools: ToolSet
  /** What to look for in reasoning that the upstream has separated. */
  readonly #reasoningFormat: MarkupFormat | undefined
  readonly #nativeReasoning = new NativeReasoning()
  readonly #repairs: Partial<Record<RepairKind, number>> = {}
  #content: Source | undefined
  #reasoning: Source | undefined
  #nativeCalls: NativeCalls | undefined
  /** Where the last reasoning came from. */
  #lastReasoning: Source | 'native' | undefined
  #hasNativeReasoning = false
  #callCount = 0
  #callsInReasoning = 0
  readonly #callIds = new Set<string>()
  /** By index. */
  readonly #remembered = new Map<number, MarkupCall>()
  #rememberedLength = 0
  #isEnded = false

  constructor(index: number, options: NormalizeOptions) {
    this.#index = index
    this.#options = options
    this.#tools = new ToolSet(options.tools)
    this.#reasoningFormat = tokenCallsOnly(options.format)
  }

  /** What becomes of a delta and its finish reason; undefined where they stay as they are. */
  read(delta: ChatDelta, given: string | null | undefined): NormalDelta | undefined {
    if (this.#isEnded) return undefined
    const pieces: Piece[] = []
    if (this.#content && !this.#reasoning && !given && isPlainText(delta)) {
      const events = this.#content.parser.push(delta.content)
      if (isOnly(events, delta.content)) return undefined
      this.#write(events, this.#content, pieces)
      return { pieces, rest: {}, reason: null }
    }
    let { text, field } = this.#nativeReasoning.read(delta)
    let { content } = delta
    const hasParts = Array.isArray(content)
    if (Array.isArray(content)) {
      const parts = readParts(content)
      content = parts.content
      text ||= parts.reasoning
    }
    let fields = 0
    if (text !== '') {
      fields++
      this.#readReasoning(text, pieces)
    }
    if (isText(content)) {
      fields++
      this.#readContent(content, pieces)
    }
    if (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0) {
      fields++
      this.#readCalls(delta.tool_calls, pieces)
    }
    if (given) this.#end(endedHow(given), pieces)
    const reason = given && finishReasonFor(given, this.#callCount > 0 || (this.#nativeCalls?.count ?? 0) > 0)
    const isAsGiven = reason === given && !hasParts && pieces.length === fields
    return isAsGiven && pieces.every((piece) => isPartOf(piece, delta))
      ? undefined
      : { pieces, rest: restOf(delta, field), reason }
  }

  /** What was held, where the text ended without a finish reason. */
  end(how: EndedHow): readonly Piece[] {
    const pieces: Piece[] = []
    if (!this.#isEnded) this.#end(how, pieces)
    return pieces
  }

  #readReasoning(text: string, pieces: Piece[]): void {
    this.#hasNativeReasoning = true
    const format = this.#nativeCalls ? undefined : this.#reasoningFormat
    if (!format) {
      this.#addReasoning(text, 'native', pieces)
      return
    }
    this.#reasoning ??= this.#source({ ...this.#options, format, startsIn: 'text' }, true)
    this.#write(this.#reasoning.parser.push(text), this.#reasoning, pieces)
  }

  #readContent(text: string, pieces: Piece[]): void {
    this.#endReasoning('stop', pieces)
    if (!this.#content) {
      const { format, startsIn } = this.#options
      const hasNative = this.#nativeCalls !== undefined
      this.#content = this.#source(
        {
          ...this.#options,
          format: hasNative ? withoutCalls(format) : format,
          // Reasoning that the upstream has separated is over once content comes.
          startsIn: hasNative || this.#hasNativeReasoning ? 'text' : startsIn,
        },
        false,
      )
    }
    this.#write(this.#content.parser.push(text), this.#content, pieces)
  }

  #readCalls(deltas: readonly unknown[], pieces: Piece[]): void {
    if (!this.#nativeCalls) {
      this.#endText('cut', pieces)
      this.#nativeCalls = new NativeCalls(
        {
          tools: this.#tools,
          repairToolNames: this.#options.repairToolNames,
          onRepair: (repair) => this.#repaired(repair),
        },
        this.#remembered.values(),
        this.#callCount,
      )
      this.#remembered.clear()
    }
    addCalls(pieces, this.#nativeCalls.read(deltas))
  }

  #end(how: EndedHow, pieces: Piece[]): void {
    this.#isEnded = true
    this.#endText(how, pieces)
    addCalls(pieces, this.#nativeCalls?.end() ?? [])
    this.#options.onReport?.({
      choice: this.#index,
      calls: this.#callCount,
      callsInReasoning: this.#callsInReasoning,
      repairs: this.#repairs,
    })
  }

  #endText(how: EndedHow, pieces: Piece[]): void {
    this.#endReasoning(how, pieces)
    if (this.#content) this.#write(this.#content.parser.end(how), this.#content, pieces)
    this.#content = undefined
  }

  #endReasoning(how: EndedHow, pieces: Piece[]): void {
    if (this.#reasoning) this.#write(this.#reasoning.parser.end(how), this.#reasoning, pieces)
    this.#reasoning = undefined
  }

  #source(options: PlainOptions, isNativeReasoning: boolean): Source {
    const indexes: number[] = []
    const onRepair = (repair: Repair) => {
      if (repair.index === undefined) return this.#repaired(repair)
      // It is told while the text is read, before the start of its call.
      const index = indexes[repair.index] ?? this.#callCount + repair.index - indexes.length
      this.#repaired({ ...repair, index })
    }
    return { parser: createMarkupParser(parserOptions({ ...options, onRepair })), indexes, isNativeReasoning }
  }

  #repaired(repair: Repair): void {
    this.#repairs[repair.kind] = (this.#repairs[repair.kind] ?? 0) + 1
    this.#options.onRepair?.(repair)
  }

  #write(events: Iterable<MarkupEvent>, source: Source, pieces: Piece[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'content':
        case 'reasoning':
          if (source.isNativeReasoning) this.#addReasoning(event.text, 'native', pieces)
          else if (event.type === 'reasoning') this.#addReasoning(event.text, source, pieces)
          else addText(pieces, 'content', event.text)
          break
        case 'tool-call':
          this.#addCall(event, source, pieces)
          break
        case 'tool-arguments':
          this.#addArguments(source.indexes[event.index] ?? 0, event.text, pieces)
      }
    }
  }

  /** Blocks that come from different places are separate blocks. */
  #addReasoning(text: string, from: Source | 'native', pieces: Piece[]): void {
    const isOther = this.#lastReasoning !== undefined && this.#lastReasoning !== from
    this.#lastReasoning = from
    addText(pieces, 'reasoning_content', isOther && !text.startsWith('\n') ? `\n${text}` : text)
  }

  #addCall(event: { index: number; id: string; name: string }, source: Source, pieces: Piece[]): void {
    const { name } = event
    const index = this.#callCount++
    source.indexes[event.index] = index
    if (source.isNativeReasoning) this.#callsInReasoning++
    // Parsers of content and of reasoning count for themselves.
    const { format, newId: make = newCallId } = this.#options
    const id = this.#callIds.has(event.id) ? make(format.idLength) : event.id
    this.#callIds.add(id)
    if (this.#rememberedLength < rememberedLength) this.#remembered.set(index, { name, text: '' })
    addCalls(pieces, [{ index, id, type: 'function', function: { name, arguments: '' } }])
  }

  #addArguments(index: number, text: string, pieces: Piece[]): void {
    const remembered = this.#remembered.get(index)
    this.#rememberedLength += text.length
    if (this.#rememberedLength > rememberedLength) this.#remembered.delete(index)
    else if (remembered) remembered.text += text
    const call = pieces.at(-1)?.tool_calls?.at(-1) as ChatToolCallPiece | undefined // of those made here
    if (call?.index === index) call.function.arguments += text
    else addCalls(pieces, [{ index, function: { arguments: text } }])
  }
}

/** Nearly every delta: text and nothing else. */
function isPlainText(delta: ChatDelta): delta is { content: string } {
  for (const field in delta) if (field !== 'content') return false
  return isText(delta.content)
}

function isOnly(events: readonly MarkupEvent[], text: string): boolean {
  const event = events[0]
  return events.length === 1 && event?.type === 'content' && event.text === text
}

function isPartOf({ content, reasoning_content, tool_calls }: Piece, delta: ChatDelta): boolean {
  if (content !== undefined) return content === delta.content
  return reasoning_content === undefined
    ? tool_calls === delta.tool_calls
    : reasoning_content === delta.reasoning_content
}

function addText(pieces: Piece[], field: 'content' | 'reasoning_content', text: string): void {
  const last = pieces.at(-1)
  if (last?.[field] === undefined) pieces.push({ [field]: text })
  else last[field] += text
}

function addCalls(pieces: Piece[], tool_calls: readonly unknown[]): void {
  if (tool_calls.length > 0) pieces.push({ tool_calls })
}

/** Empty content stays: it often comes with the role. */
function restOf(delta: ChatDelta, reasoningField: keyof ChatDelta): ChatDelta {
  const { [reasoningField]: moved, reasoning_content, tool_calls, content, ...rest } = delta
  return content === '' || content === null ? { ...rest, content } : rest
}
