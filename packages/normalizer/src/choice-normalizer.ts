import type { ChatChunkChoice, ChatDelta, ChatToolCallPiece } from './chat-types.ts'
import { endedHow, finishReasonFor } from './finish-reason.ts'
import { tokenCallsOnly, withoutCalls } from './format-parts.ts'
import type { EndedHow, MarkupEvent, Repair, RepairKind } from './markup-event.ts'
import type { MarkupFormat } from './markup-format.ts'
import { createMarkupParser, type MarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import { type MarkupCall, NativeCalls } from './native-calls.ts'
import { NativeReasoning, readParts } from './native-reasoning.ts'
import { newCallId } from './new-call-id.ts'
import { ToolSet } from './tool.ts'

export interface NormalizeOptions extends MarkupParserOptions {
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

/** Characters of arguments that are remembered to recognise the same call in native form. */
const rememberedLength = 1 << 18

/** A parser and the index in the choice of each of its calls. */
interface Source {
  readonly parser: MarkupParser
  readonly indexes: number[]
  readonly isNativeReasoning: boolean
}

interface Piece {
  reasoning_content?: string
  content?: string
  tool_calls?: unknown[]
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
  #hasNativeReasoning = false
  #lastReasoning: Source | 'native' | undefined
  #callCount = 0
  #callsInReasoning = 0
  readonly #callIds = new Set<string>()
  #remembered: MarkupCall[] = []
  #rememberedLength = 0
  #isEnded = false

  constructor(index: number, options: NormalizeOptions) {
    this.#index = index
    this.#options = options
    this.#tools = new ToolSet(options.tools)
    this.#reasoningFormat = tokenCallsOnly(options.format)
  }

  /** What becomes of a choice of a chunk, in order; undefined where it stays as it is. */
  read(choice: ChatChunkChoice): readonly ChatChunkChoice[] | undefined {
    if (this.#isEnded) return undefined
    const delta: ChatDelta = choice.delta ?? {}
    const pieces: Piece[] = []
    if (this.#content && !this.#reasoning && !choice.finish_reason && isPlainText(delta)) {
      const events = this.#content.parser.push(delta.content)
      if (isOnly(events, delta.content)) return undefined
      this.#write(events, this.#content, pieces)
      return rewritten(choice, {}, pieces, null)
    }
    let isAsGiven = true
    let { content } = delta
    let { text, isCanonical, movedFrom } = this.#nativeReasoning.read(delta)
    if (Array.isArray(content)) {
      const parts = readParts(content)
      content = parts.content
      text ||= parts.reasoning
      isAsGiven = false
    }
    if (text !== '' && !(this.#readReasoning(text, pieces) && isCanonical)) isAsGiven = false
    if (typeof content === 'string' && content !== '' && !this.#readContent(content, pieces)) isAsGiven = false
    if (hasItems(delta.tool_calls) && !this.#readCalls(delta.tool_calls, pieces)) isAsGiven = false

    const given = choice.finish_reason
    let reason = given
    if (given) {
      if (this.#end(endedHow(given), pieces)) isAsGiven = false
      reason = finishReasonFor(given, this.#hasCalls)
      if (reason !== given) isAsGiven = false
    }
    return isAsGiven ? undefined : rewritten(choice, restOf(delta, movedFrom), pieces, reason)
  }

  /** What was held, where the text ended without a finish reason. */
  end(how: EndedHow): readonly ChatChunkChoice[] {
    const pieces: Piece[] = []
    if (!this.#isEnded) this.#end(how, pieces)
    return pieces.map((delta) => ({ index: this.#index, delta, finish_reason: null }))
  }

  get #hasCalls(): boolean {
    return this.#callCount > 0 || (this.#nativeCalls?.count ?? 0) > 0
  }

  #readReasoning(text: string, pieces: Piece[]): boolean {
    this.#hasNativeReasoning = true
    const format = this.#nativeCalls ? undefined : this.#reasoningFormat
    if (!format) return this.#addReasoning(text, 'native', pieces)
    this.#reasoning ??= this.#source({ ...this.#options, format, startsIn: 'text' }, true)
    const { length } = pieces
    this.#write(this.#reasoning.parser.push(text), this.#reasoning, pieces)
    return pieces.length === length + 1 && pieces[length]?.reasoning_content === text
  }

  #readContent(text: string, pieces: Piece[]): boolean {
    const isBehindReasoning = this.#endReasoning('stop', pieces)
    this.#content ??= this.#contentSource()
    const { length } = pieces
    this.#write(this.#content.parser.push(text), this.#content, pieces)
    return !isBehindReasoning && pieces.length === length + 1 && pieces[length]?.content === text
  }

  #contentSource(): Source {
    if (this.#nativeCalls) {
      return this.#source({ ...this.#options, format: withoutCalls(this.#options.format), startsIn: 'text' }, false)
    }
    // Reasoning that the upstream has separated is over once content comes.
    return this.#source(this.#hasNativeReasoning ? { ...this.#options, startsIn: 'text' } : this.#options, false)
  }

  #readCalls(deltas: readonly unknown[], pieces: Piece[]): boolean {
    let isAsGiven = true
    if (!this.#nativeCalls) {
      if (this.#endReasoning('cut', pieces)) isAsGiven = false
      if (this.#endContent('cut', pieces)) isAsGiven = false
      const { repairToolNames } = this.#options
      const tools = this.#tools
      this.#nativeCalls = new NativeCalls(
        { tools, repairToolNames, onRepair: (repair) => this.#repaired(repair) },
        this.#remembered,
        this.#callCount,
      )
      this.#remembered = []
    }
    const sent = this.#nativeCalls.read(deltas)
    if (sent.length > 0) pieces.push({ tool_calls: [...sent] })
    return isAsGiven && sent === deltas
  }

  /** Whether anything was held. */
  #end(how: EndedHow, pieces: Piece[]): boolean {
    this.#isEnded = true
    let hadHeld = this.#endReasoning(how, pieces)
    if (this.#endContent(how, pieces)) hadHeld = true
    const calls = this.#nativeCalls?.end() ?? []
    if (calls.length > 0) pieces.push({ tool_calls: [...calls] })
    this.#options.onReport?.({
      choice: this.#index,
      calls: this.#callCount,
      callsInReasoning: this.#callsInReasoning,
      repairs: this.#repairs,
    })
    return hadHeld || calls.length > 0
  }

  #endReasoning(how: EndedHow, pieces: Piece[]): boolean {
    const source = this.#reasoning
    this.#reasoning = undefined
    return source !== undefined && this.#write(source.parser.end(how), source, pieces)
  }

  #endContent(how: EndedHow, pieces: Piece[]): boolean {
    const source = this.#content
    this.#content = undefined
    return source !== undefined && this.#write(source.parser.end(how), source, pieces)
  }

  #source(options: MarkupParserOptions, isNativeReasoning: boolean): Source {
    const indexes: number[] = []
    const onRepair = (repair: Repair) => {
      if (repair.index === undefined) return this.#repaired(repair)
      // It is told while the text is read, before the start of its call.
      const index = indexes[repair.index] ?? this.#callCount + repair.index - indexes.length
      this.#repaired({ ...repair, index })
    }
    return { parser: createMarkupParser({ ...options, onRepair }), indexes, isNativeReasoning }
  }

  #repaired(repair: Repair): void {
    this.#repairs[repair.kind] = (this.#repairs[repair.kind] ?? 0) + 1
    this.#options.onRepair?.(repair)
  }

  /** Whether there was anything to write. */
  #write(events: Iterable<MarkupEvent>, source: Source, pieces: Piece[]): boolean {
    let hasWritten = false
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
          break
        case 'tool-call-end':
          continue
      }
      hasWritten = true
    }
    return hasWritten
  }

  /** Whether the text was added as it is: blocks that come from different places are separate blocks. */
  #addReasoning(text: string, from: Source | 'native', pieces: Piece[]): boolean {
    const isOther = this.#lastReasoning !== undefined && this.#lastReasoning !== from
    const isSeparate = isOther && !text.startsWith('\n')
    this.#lastReasoning = from
    addText(pieces, 'reasoning_content', isSeparate ? `\n${text}` : text)
    return !isSeparate
  }

  #addCall(event: { index: number; id: string; name: string }, source: Source, pieces: Piece[]): void {
    const index = this.#callCount++
    source.indexes[event.index] = index
    if (source.isNativeReasoning) this.#callsInReasoning++
    // Parsers of content and of reasoning count for themselves.
    const { format, newId: make = newCallId } = this.#options
    const id = this.#callIds.has(event.id) ? make(format.idLength) : event.id
    this.#callIds.add(id)
    if (this.#rememberedLength < rememberedLength) this.#remembered.push({ name: event.name, text: '' })
    pieces.push({ tool_calls: [{ index, id, type: 'function', function: { name: event.name, arguments: '' } }] })
  }

  #addArguments(index: number, text: string, pieces: Piece[]): void {
    const remembered = this.#remembered[index]
    this.#rememberedLength += text.length
    if (remembered) remembered.text = this.#rememberedLength < rememberedLength ? remembered.text + text : undefined
    const call = pieces.at(-1)?.tool_calls?.at(-1) as ChatToolCallPiece | undefined // of those made here
    if (call?.index === index) call.function.arguments += text
    else pieces.push({ tool_calls: [{ index, function: { arguments: text } }] })
  }
}

/** Nearly every delta: text and nothing else. */
function isPlainText(delta: ChatDelta): delta is { content: string } {
  for (const field in delta) if (field !== 'content') return false
  return typeof delta.content === 'string' && delta.content !== ''
}

function isOnly(events: readonly MarkupEvent[], text: string): boolean {
  const event = events[0]
  return events.length === 1 && event?.type === 'content' && event.text === text
}

function hasItems(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

/** Clients that read one field of a delta only are common, so each kind of text has a delta of its own. */
function addText(pieces: Piece[], field: 'content' | 'reasoning_content', text: string): void {
  const last = pieces.at(-1)
  if (last?.[field] === undefined) pieces.push({ [field]: text })
  else last[field] += text
}

/** The fields that are not read here. Empty content stays: it often comes with the role. */
function restOf(delta: ChatDelta, movedFrom: 'reasoning' | 'thinking' | undefined): ChatDelta {
  const { reasoning_content, tool_calls, content, ...rest } = delta
  const { [movedFrom ?? 'reasoning_content']: moved, ...others } = rest as ChatDelta
  return content === '' || content === null ? { ...others, content } : others
}

function rewritten(
  choice: ChatChunkChoice,
  rest: ChatDelta,
  pieces: readonly Piece[],
  reason: string | null | undefined,
): readonly ChatChunkChoice[] {
  const first = pieces[0]
  if (first === undefined) {
    return reason || !isEmpty(choice, rest) ? [{ ...choice, delta: rest, finish_reason: reason ?? null }] : []
  }
  if (pieces.length === 1 && !reason) return [{ ...choice, delta: { ...rest, ...first }, finish_reason: null }]
  // Log probabilities belong to the text, the other fields of a choice to its end.
  const { logprobs, ...last } = choice as ChatChunkChoice & { logprobs?: unknown }
  const { index } = choice
  const head = logprobs === undefined ? { index } : { index, logprobs }
  const written: ChatChunkChoice[] = [{ ...head, delta: { ...rest, ...first }, finish_reason: null }]
  for (let i = 1; i < pieces.length; i++) written.push({ index, delta: pieces[i] ?? {}, finish_reason: null })
  if (reason) written.push({ ...last, delta: {}, finish_reason: reason })
  else written.push({ ...last, delta: written.pop()?.delta ?? {}, finish_reason: null })
  return written
}

/** Whether nothing would be lost with a choice that has no text now. */
function isEmpty(choice: ChatChunkChoice, rest: ChatDelta): boolean {
  const { index, delta, finish_reason, ...others } = choice
  return Object.keys(rest).length === 0 && Object.values(others).every((value) => value === null || value === undefined)
}
