import type { StreamPart } from './ai-sdk-types.ts'
import { withoutCalls } from './format-parts.ts'
import type { EndedHow, MarkupEvent } from './markup-event.ts'
import { createMarkupParser, type MarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import { isSameJson } from './same-json.ts'

type TextStart = Extract<StreamPart, { type: 'text-start' }>
type TextEnd = Extract<StreamPart, { type: 'text-end' }>
type Finish = Extract<StreamPart, { type: 'finish' }>
type NativeCall = Extract<StreamPart, { type: 'tool-call' }>

interface Call {
  readonly id: string
  readonly name: string
  input: string
}

/** Parts that say nothing about the order of what the model wrote. */
const besides: ReadonlySet<string> = new Set(['raw', 'ping', 'response-metadata', 'stream-start'])

/** Turns the markup in the text parts of one answer of an AI SDK model into reasoning and tool calls. */
export class PartNormalizer {
  readonly #options: MarkupParserOptions
  #parser: MarkupParser | undefined
  #hasNativeReasoning = false
  #hasNativeCalls = false
  /** Of the provider: the block its text comes in, and the end of it, which waits for text that is held. */
  #start: TextStart | undefined
  #end: TextEnd | undefined
  #open: { readonly type: 'text' | 'reasoning'; readonly id: string } | undefined
  #blocks = 0
  readonly #ids = new Set<string>()
  #call: Call | undefined
  #calls: Call[] = []
  /** Out of the text. */
  #hasCalls = false
  /** Parts of native calls that may repeat one from the text, by id. */
  readonly #held = new Map<string, StreamPart[]>()
  #isEnded = false
  readonly #emit: (part: StreamPart) => void

  /** @param emit gets what is ready: a part itself where nothing changes */
  constructor(options: MarkupParserOptions, emit: (part: StreamPart) => void) {
    this.#options = options
    this.#emit = emit
  }

  push(part: StreamPart): void {
    switch (part.type) {
      case 'text-delta': {
        if (part.delta === '') break
        this.#parser ??= this.#newParser()
        const events = this.#parser.push(part.delta)
        const open = this.#open
        const isAsGiven =
          open !== undefined && open.type === 'text' && open.id === part.id && isOnly(events, part.delta)
        if (isAsGiven) this.#emit(part)
        else this.#write(events)
        break
      }
      case 'text-start':
        if (this.#end) this.#close()
        this.#start = part
        this.#end = undefined
        break
      case 'text-end':
        this.#end = part
        break
      case 'finish':
        this.#finish(endedHow(part))
        this.#emit(this.#withReason(part))
        break
      case 'error':
        this.#finish('cut')
        this.#emit(part)
        break
      default:
        if (besides.has(part.type)) this.#emit(part)
        else this.#pass(part)
    }
  }

  /** Lets out what was held, where the stream ended without saying so. */
  end(): void {
    this.#finish('cut')
  }

  /** A part that is not text. */
  #pass(part: StreamPart): void {
    if (this.#end) this.#close()
    const { type } = part
    if (type === 'reasoning-start' || (type as string) === 'reasoning') this.#hasNativeReasoning = true
    if (type === 'tool-input-start' || type === 'tool-call') this.#beginNativeCalls()
    if (type === 'tool-input-start' && this.#calls.some(({ name }) => name === part.toolName)) {
      this.#held.set(part.id, [part])
      return
    }
    if (type === 'tool-input-delta' || type === 'tool-input-end') {
      const held = this.#held.get(part.id)
      if (held) held.push(part)
      else this.#emit(part)
      return
    }
    if (type === 'tool-call' && this.#repeats(part)) return
    if (type === 'tool-call') this.#release(part.toolCallId)
    this.#emit(part)
  }

  /** From the first native call on, calls in the text are text. */
  #beginNativeCalls(): void {
    if (this.#hasNativeCalls) return
    this.#hasNativeCalls = true
    if (this.#parser) this.#write(this.#parser.end('cut'))
    this.#parser = undefined
    this.#close()
  }

  #repeats({ toolCallId, toolName, input }: NativeCall): boolean {
    const at = this.#calls.findIndex((call) => call.name === toolName && isSameJson(call.input, input))
    if (at < 0) return false
    this.#calls.splice(at, 1)
    this.#held.delete(toolCallId)
    return true
  }

  #release(id: string): void {
    for (const part of this.#held.get(id) ?? []) this.#emit(part)
    this.#held.delete(id)
  }

  #newParser(): MarkupParser {
    const options = this.#options
    const startsIn = this.#hasNativeReasoning || this.#hasNativeCalls ? 'text' : options.startsIn
    const format = this.#hasNativeCalls ? withoutCalls(options.format) : options.format
    return createMarkupParser({ ...options, format, startsIn })
  }

  #finish(how: EndedHow): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#parser) this.#write(this.#parser.end(how), how)
    for (const id of this.#held.keys()) this.#release(id)
    this.#close()
  }

  #withReason(part: Finish): Finish {
    const { unified, raw } = part.finishReason
    let reason = unified
    if (this.#hasCalls && (unified === 'stop' || unified === 'other')) reason = 'tool-calls'
    if (!this.#hasCalls && !this.#hasNativeCalls && unified === 'tool-calls') reason = 'stop'
    return reason === unified ? part : { ...part, finishReason: { unified: reason, raw } }
  }

  #write(events: readonly MarkupEvent[], how: EndedHow = 'stop'): void {
    for (const event of events) {
      switch (event.type) {
        case 'content':
          this.#emit({ type: 'text-delta', id: this.#block('text'), delta: event.text })
          break
        case 'reasoning':
          this.#emit({ type: 'reasoning-delta', id: this.#block('reasoning'), delta: event.text })
          break
        case 'tool-call': {
          this.#close()
          this.#hasCalls = true
          this.#call = { id: event.id, name: event.name, input: '' }
          this.#emit({ type: 'tool-input-start', id: event.id, toolName: event.name })
          break
        }
        case 'tool-arguments':
          if (!this.#call) break
          this.#call.input += event.text
          this.#emit({ type: 'tool-input-delta', id: this.#call.id, delta: event.text })
          break
        case 'tool-call-end':
          this.#endCall(how)
          break
      }
    }
  }

  /** A call that a broken stream cut is not called: nobody knows what it was to be. */
  #endCall(how: EndedHow): void {
    const call = this.#call
    if (!call) return
    this.#call = undefined
    this.#emit({ type: 'tool-input-end', id: call.id })
    if (how === 'cut') return
    this.#calls.push(call)
    this.#emit({ type: 'tool-call', toolCallId: call.id, toolName: call.name, input: call.input })
  }

  /** The id of the open block of that type; opens one where there is none. */
  #block(type: 'text' | 'reasoning'): string {
    if (this.#open?.type === type) return this.#open.id
    this.#close()
    const given = this.#start
    const isFirst = type === 'text' && given !== undefined && !this.#ids.has(given.id)
    const id = isFirst ? given.id : `markup-${type}-${this.#blocks++}`
    this.#ids.add(id)
    this.#open = { type, id }
    if (isFirst) this.#emit(given)
    else this.#emit({ type: `${type}-start`, id })
    return id
  }

  #close(): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    if (open.type === 'text' && this.#end?.id === open.id) this.#emit(this.#end)
    else this.#emit({ type: `${open.type}-end`, id: open.id })
  }
}

function isOnly(events: readonly MarkupEvent[], text: string): boolean {
  const first = events[0] // taken apart, a list would be gone through by its iterator
  return events.length === 1 && first?.type === 'content' && first.text === text
}

function endedHow({ finishReason }: Finish): EndedHow {
  const { unified } = finishReason
  if (unified === 'length' || unified === 'content-filter') return 'length'
  return unified === 'error' || unified === 'interrupted' ? 'cut' : 'stop'
}
