import { isRecord } from './is-record.ts'
import type { Repair } from './markup-event.ts'
import { isSameJson } from './same-json.ts'
import type { ToolSet } from './tool.ts'
import { isCounter, mendToolName, toolNameByArguments } from './tool-names.ts'

/** A call that was read out of the text before the upstream gave calls of its own. */
export interface MarkupCall {
  readonly name: string
  /** Of its arguments; undefined where they were too long to be kept. */
  text: string | undefined
}

export interface NativeCallsOptions {
  readonly tools: ToolSet
  readonly repairToolNames?: 'schema' | undefined
  readonly onRepair?: ((repair: Repair) => void) | undefined
}

interface KnownCall {
  readonly id: unknown
  /** Under which it is sent; undefined for one that is not sent, or not yet. */
  index: number | undefined
}

interface HeldCall {
  readonly call: KnownCall
  readonly key: unknown
  readonly first: Record<string, unknown>
  readonly fn: Record<string, unknown> | undefined
  readonly name: string
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
  constructor(options: NativeCallsOptions, markup: readonly MarkupCall[], offset: number) {
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
    const fn = isRecord(delta.function) ? delta.function : undefined
    const name = nameText(fn?.name)
    const key = this.#keyOf(delta, name)
    const known = this.#known.get(key)
    const isNew = known === undefined || (isId(delta.id) && isId(known.id) && delta.id !== known.id)
    if (this.#held && this.#held.key === key && !isNew) {
      this.#held.text += argumentsText(fn) ?? ''
      return
    }
    this.#release(sent)
    if (!isNew) {
      // Without an index it is one that was left out.
      if (known.index !== undefined) sent.push(written(delta, fn, known.index))
      return
    }
    const call: KnownCall = { id: delta.id, index: undefined }
    this.#known.set(key, call)
    this.#lastKey = key
    if (this.#mustWait(name)) {
      this.#held = { call, key, first: delta, fn, name, text: argumentsText(fn) ?? '' }
      return
    }
    call.index = this.#nextIndex(delta)
    const sentName = name && this.#renamed(name, mendToolName(name, this.#options.tools), call.index)
    sent.push(written(delta, fn, call.index, sentName))
  }

  #keyOf(delta: Record<string, unknown>, name: string): unknown {
    if (Number.isInteger(delta.index)) return delta.index
    if (isId(delta.id)) return delta.id
    // Whole calls without any identity, as Ollama gives them: each name is another call.
    return name === '' ? this.#lastKey : {}
  }

  /** The upstream's own index where there are no other calls, so that nothing has to change. */
  #nextIndex(delta: Record<string, unknown>): number {
    const next = this.#offset + this.#count++
    return this.#offset === 0 && Number.isInteger(delta.index) ? (delta.index as number) : next
  }

  #mustWait(name: string): boolean {
    if (name === '') return false
    if (this.#markup.some((call) => call.name === name && call.text !== undefined)) return true
    return this.#needsSchema(name)
  }

  #needsSchema(name: string): boolean {
    const { tools, repairToolNames } = this.#options
    if (tools.list.length === 0 || mendToolName(name, tools) !== undefined) return false
    return repairToolNames === 'schema' || isCounter(name)
  }

  #renamed(name: string, meant: string | undefined, index: number): string {
    if (meant === undefined || meant === name) return name
    this.#options.onRepair?.({ kind: 'tool-name', detail: meant, index })
    return meant
  }

  #release(sent: unknown[]): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    const repeated = this.#markup.findIndex(
      ({ name, text }) => name === held.name && text !== undefined && isSameJson(text, held.text),
    )
    if (repeated >= 0) {
      this.#markup.splice(repeated, 1)
      return
    }
    const { tools } = this.#options
    const index = this.#nextIndex(held.first)
    held.call.index = index
    const meant = this.#needsSchema(held.name) ? toolNameByArguments(held.text, tools) : mendToolName(held.name, tools)
    const fn = { ...held.fn, arguments: held.text }
    sent.push(written({ ...held.first, function: fn }, fn, index, this.#renamed(held.name, meant, index)))
  }
}

/** `delta` itself where nothing has to change. */
function written(
  delta: Record<string, unknown>,
  fn: Record<string, unknown> | undefined,
  index: number,
  name?: string,
): Record<string, unknown> {
  if (!fn) return delta.index === index ? delta : { ...delta, index }
  const text = argumentsText(fn)
  const isAsGiven =
    delta.index === index && (!name || name === fn.name) && (text === undefined || text === fn.arguments)
  if (isAsGiven) return delta
  const changed = { ...fn }
  if (name) changed.name = name
  if (text !== undefined) changed.arguments = text
  return { ...delta, index, function: changed }
}

/** Some write the counter of the call there, as a number. */
function nameText(name: unknown): string {
  return typeof name === 'number' ? String(name) : typeof name === 'string' ? name : ''
}

function argumentsText(fn: Record<string, unknown> | undefined): string | undefined {
  const given = fn?.arguments
  if (typeof given === 'string') return given
  return given === undefined || given === null ? undefined : JSON.stringify(given)
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== ''
}
