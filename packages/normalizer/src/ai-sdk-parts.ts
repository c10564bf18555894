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

  constructor(options: MarkupParserOptions) {
    this.#options = options
  }

  /** What a part makes ready now: itself where nothing changes. */
  push(part: StreamPart): readonly StreamPart[] {
    const out: StreamPart[] = []
    switch (part.type) {
      case 'text-start':
        if (this.#end) this.#close(out)
        this.#start = part
        this.#end = undefined
        break
      case 'text-delta': {
        if (part.delta === '') break
        const events = this.#parserOfText().push(part.delta)
        const isAsGiven = this.#open?.type === 'text' && this.#open.id === part.id && isOnly(events, part.delta)
        if (isAsGiven) out.push(part)
        else this.#write(events, out)
        break
      }
      case 'text-end':
        this.#end = part
        break
      case 'finish':
        this.#finish(endedHow(part), out)
        out.push(this.#withReason(part))
        break
      case 'error':
        this.#finish('cut', out)
        out.push(part)
        break
      default:
        if (!besides.has(part.type)) this.#pass(part, out)
        else out.push(part)
    }
    return out
  }

  /** What was held, where the stream ended without saying so. */
  end(): readonly StreamPart[] {
    const out: StreamPart[] = []
    this.#finish('cut', out)
    return out
  }

  /** A part that is not text. */
  #pass(part: StreamPart, out: StreamPart[]): void {
    if (this.#end) this.#close(out)
    const { type } = part
    if (type === 'reasoning-start' || (type as string) === 'reasoning') this.#hasNativeReasoning = true
    if (type === 'tool-input-start' || type === 'tool-call') this.#beginNativeCalls(out)
    if (type === 'tool-input-start' && this.#calls.some(({ name }) => name === part.toolName)) {
      this.#held.set(part.id, [part])
      return
    }
    if (type === 'tool-input-delta' || type === 'tool-input-end') {
      const held = this.#held.get(part.id)
      if (held) held.push(part)
      else out.push(part)
      return
    }
    if (type === 'tool-call' && this.#repeats(part)) return
    if (type === 'tool-call') this.#release(part.toolCallId, out)
    out.push(part)
  }

  /** From the first native call on, calls in the text are text. */
  #beginNativeCalls(out: StreamPart[]): void {
    if (this.#hasNativeCalls) return
    this.#hasNativeCalls = true
    if (this.#parser) this.#write(this.#parser.end('cut'), out)
    this.#parser = undefined
    this.#close(out)
  }

  #repeats({ toolCallId, toolName, input }: NativeCall): boolean {
    const at = this.#calls.findIndex((call) => call.name === toolName && isSameJson(call.input, input))
    if (at < 0) return false
    this.#calls.splice(at, 1)
    this.#held.delete(toolCallId)
    return true
  }

  #release(id: string, out: StreamPart[]): void {
    for (const part of this.#held.get(id) ?? []) out.push(part)
    this.#held.delete(id)
  }

  #parserOfText(): MarkupParser {
    if (this.#parser) return this.#parser
    const options = this.#options
    const startsIn = this.#hasNativeReasoning || this.#hasNativeCalls ? 'text' : options.startsIn
    const format = this.#hasNativeCalls ? withoutCalls(options.format) : options.format
    this.#parser = createMarkupParser({ ...options, format, startsIn })
    return this.#parser
  }

  #finish(how: EndedHow, out: StreamPart[]): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#parser) this.#write(this.#parser.end(how), out, how)
    for (const id of this.#held.keys()) this.#release(id, out)
    this.#close(out)
  }

  #withReason(part: Finish): Finish {
    const { unified, raw } = part.finishReason
    let reason = unified
    if (this.#hasCalls && (unified === 'stop' || unified === 'other')) reason = 'tool-calls'
    if (!this.#hasCalls && !this.#hasNativeCalls && unified === 'tool-calls') reason = 'stop'
    return reason === unified ? part : { ...part, finishReason: { unified: reason, raw } }
  }

  #write(events: readonly MarkupEvent[], out: StreamPart[], how: EndedHow = 'stop'): void {
    for (const event of events) {
      switch (event.type) {
        case 'content':
          out.push({ type: 'text-delta', id: this.#block('text', out), delta: event.text })
          break
        case 'reasoning':
          out.push({ type: 'reasoning-delta', id: this.#block('reasoning', out), delta: event.text })
          break
        case 'tool-call': {
          this.#close(out)
          this.#hasCalls = true
          this.#call = { id: event.id, name: event.name, input: '' }
          out.push({ type: 'tool-input-start', id: event.id, toolName: event.name })
          break
        }
        case 'tool-arguments':
          if (!this.#call) break
          this.#call.input += event.text
          out.push({ type: 'tool-input-delta', id: this.#call.id, delta: event.text })
          break
        case 'tool-call-end':
          this.#endCall(how, out)
          break
      }
    }
  }

  /** A call that a broken stream cut is not called: nobody knows what it was to be. */
  #endCall(how: EndedHow, out: StreamPart[]): void {
    const call = this.#call
    if (!call) return
    this.#call = undefined
    out.push({ type: 'tool-input-end', id: call.id })
    if (how === 'cut') return
    this.#calls.push(call)
    out.push({ type: 'tool-call', toolCallId: call.id, toolName: call.name, input: call.input })
  }

  /** The id of the open block of that type; opens one where there is none. */
  #block(type: 'text' | 'reasoning', out: StreamPart[]): string {
    if (this.#open?.type === type) return this.#open.id
    this.#close(out)
    const given = this.#start
    const isFirst = type === 'text' && given !== undefined && !this.#ids.has(given.id)
    const id = isFirst ? given.id : `markup-${type}-${this.#blocks++}`
    this.#ids.add(id)
    this.#open = { type, id }
    if (isFirst) out.push(given)
    else out.push({ type: `${type}-start`, id })
    return id
  }

  #close(out: StreamPart[]): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    if (open.type === 'text' && this.#end?.id === open.id) out.push(this.#end)
    else out.push({ type: `${open.type}-end`, id: open.id })
  }
}

function isOnly(events: readonly MarkupEvent[], text: string): boolean {
  const [first] = events
  return events.length === 1 && first?.type === 'content' && first.text === text
}

function endedHow({ finishReason }: Finish): EndedHow {
  const { unified } = finishReason
  if (unified === 'length' || unified === 'content-filter') return 'length'
  return unified === 'error' || unified === 'interrupted' ? 'cut' : 'stop'
}
