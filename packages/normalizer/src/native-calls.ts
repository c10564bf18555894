import { isRecord } from './is-record.ts'
import type { Repair } from './markup-event.ts'
import { isText } from './native-reasoning.ts'
import { recordOf } from './record-of.ts'
import { isSameJson } from './same-json.ts'
import type { ToolSet } from './tool.ts'
import { isCounter, mendToolName, toolNameByArguments } from './tool-names.ts'

/** A call that was read out of the text before the upstream gave calls of its own. */
export interface MarkupCall {
  readonly name: string
  /** Of its arguments. */
  text: string
}

export interface NativeCallsOptions {
  readonly tools: ToolSet
  readonly repairToolNames?: 'schema' | undefined
  readonly onRepair?: ((repair: Repair) => void) | undefined
}

type Fields = Readonly<Record<string, unknown>>

interface KnownCall {
  readonly id: unknown
  /** Under which it is sent; undefined for one that is not sent, or not yet. */
  index: number | undefined
}

interface HeldCall {
  readonly call: KnownCall
  readonly delta: Fields
  text: string
}

/**
 * The tool calls that an upstream gives as such. They pass as they are, but for arguments that are no string and names
 * that are surely another's. A call that repeats one from the text is left out; to tell, it is held until it is whole.
 */
export class NativeCalls {
  readonly #options: NativeCallsOptions
  /** Those from the text that no native call has repeated. */
  readonly #markup: MarkupCall[]
  readonly #offset: number
  readonly #known = new Map<unknown, KnownCall>()
  #lastKey: unknown
  #held: HeldCall | undefined
  #count = 0

  /** @param offset the first free index */
  constructor(options: NativeCallsOptions, markup: Iterable<MarkupCall>, offset: number) {
    this.#options = options
    this.#markup = [...markup]
    this.#offset = offset
  }

  /** What to send for the deltas of a chunk: `deltas` itself where nothing has to change. */
  read(deltas: readonly unknown[]): readonly unknown[] {
    const sent: unknown[] = []
    for (const delta of deltas) this.#read(delta, sent)
    return sent.length === deltas.length && sent.every((delta, i) => delta === deltas[i]) ? deltas : sent
  }

  /** What was held back. */
  end(): readonly unknown[] {
    const sent: unknown[] = []
    this.#release(sent)
    return sent
  }

  get count(): number {
    return this.#count
  }

  #read(delta: unknown, sent: unknown[]): void {
    if (!isRecord(delta)) {
      sent.push(delta)
      return
    }
    const fn = recordOf(delta.function)
    const name = nameOf(fn)
    const text = argumentsText(fn) ?? ''
    const key = this.#keyOf(delta, name)
    const known = this.#known.get(key)
    const isNew = known === undefined || (isText(delta.id) && isText(known.id) && delta.id !== known.id)
    if (!isNew && this.#held?.call === known) {
      this.#held.text += text
      return
    }
    this.#release(sent)
    if (!isNew) {
      // Without an index it is one that was left out.
      if (known.index !== undefined) sent.push(written(delta, known.index))
      return
    }
    const call: KnownCall = { id: delta.id, index: undefined }
    this.#known.set(key, call)
    this.#lastKey = key
    // What it repeats, or which tool it means, is told by all of its arguments.
    const mustWait = this.#markup.some((other) => other.name === name) || this.#isUnclear(name)
    if (mustWait) this.#held = { call, delta, text }
    else this.#send(call, delta, mendToolName(name, this.#options.tools), sent)
  }

  #keyOf(delta: Fields, name: string): unknown {
    if (Number.isInteger(delta.index)) return delta.index
    if (isText(delta.id)) return delta.id
    // Whole calls without any identity, as Ollama gives them: each name is another call.
    return name === '' ? this.#lastKey : {}
  }

  /** Only the arguments can tell which tool is meant. */
  #isUnclear(name: string): boolean {
    const { tools, repairToolNames } = this.#options
    if (name === '' || tools.list.length === 0 || mendToolName(name, tools) !== undefined) return false
    return repairToolNames === 'schema' || isCounter(name)
  }

  #release(sent: unknown[]): void {
    if (!this.#held) return
    const { call, delta, text } = this.#held
    this.#held = undefined
    const fn = recordOf(delta.function)
    const name = nameOf(fn)
    const repeated = this.#markup.findIndex((other) => other.name === name && isSameJson(other.text, text))
    if (repeated >= 0) {
      this.#markup.splice(repeated, 1)
      return
    }
    const { tools } = this.#options
    const meant = this.#isUnclear(name) ? toolNameByArguments(text, tools) : mendToolName(name, tools)
    this.#send(call, { ...delta, function: { ...fn, arguments: text } }, meant, sent)
  }

  #send(call: KnownCall, delta: Fields, meant: string | undefined, sent: unknown[]): void {
    const next = this.#offset + this.#count++
    // The upstream's own index where there are no other calls, so that nothing has to change.
    const index = this.#offset === 0 && Number.isInteger(delta.index) ? (delta.index as number) : next
    call.index = index
    const name = nameOf(recordOf(delta.function))
    if (name && meant && meant !== name) this.#options.onRepair?.({ kind: 'tool-name', detail: meant, index })
    sent.push(written(delta, index, name && (meant ?? name)))
  }
}

/** `delta` itself where nothing has to change. */
function written(delta: Fields, index: number, nameToSend = ''): Fields {
  const fn = recordOf(delta.function)
  const name = nameToSend || fn.name
  const text = argumentsText(fn) ?? fn.arguments
  if (name === fn.name && text === fn.arguments) return delta.index === index ? delta : { ...delta, index }
  const changed: Record<string, unknown> = { ...fn }
  if (name) changed.name = name
  if (text !== undefined) changed.arguments = text
  return { ...delta, index, function: changed }
}

/** Some write the counter of the call there, as a number. */
function nameOf({ name }: Fields): string {
  return typeof name === 'string' || typeof name === 'number' ? `${name}` : ''
}

function argumentsText({ arguments: given }: Fields): string | undefined {
  if (typeof given === 'string') return given
  return given === undefined || given === null ? undefined : JSON.stringify(given)
}
