import type { EventQueue } from './event-queue.ts'
import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import type { CallHeader } from './markup-format.ts'
import type { MarkupParserOptions } from './markup-machine.ts'
import { newCallId } from './new-call-id.ts'
import type { ToolSet } from './tool.ts'
import { isCounter, mendToolName, toolNameByArguments } from './tool-names.ts'
import { shortestClosing } from './truncated.ts'

/** The call that is being read: what came of it before its start could be told. */
interface OpenCall {
  readonly header: CallHeader
  id: CallHeader['id']
  name: string
  /** Arguments that wait for the start; undefined once it was told. */
  waiting: string[] | undefined
  waitingLength: number
  /** Whether the name is to be found by the arguments. */
  readonly isNameOpen: boolean
  /** First character of the arguments, '' before it. */
  first: string
  /** All of the arguments, only kept where they may have to be closed. */
  written: string[]
}

const NAME = /^[\p{L}\p{N}_\-.:/]+$/u

/** Makes events of the calls: their order, indexes, names and ids. */
export class CallSink {
  readonly #events: EventQueue
  readonly #options: MarkupParserOptions
  readonly #tools: ToolSet
  readonly #maxHeld: number
  readonly #ids = new Set<string>()
  #count = 0
  #open: OpenCall | undefined

  constructor(events: EventQueue, options: MarkupParserOptions, tools: ToolSet, maxHeld: number) {
    this.#events = events
    this.#options = options
    this.#tools = tools
    this.#maxHeld = maxHeld
  }

  /** The name under which a call may start; undefined where it may not. */
  nameOf({ name }: CallHeader, mustBeDeclared: boolean): string | undefined {
    const written = name.trim()
    if (!NAME.test(written)) return undefined
    return mendToolName(written, this.#tools) ?? (mustBeDeclared ? undefined : written)
  }

  start(header: CallHeader, name: string): void {
    const isUnknown = this.#tools.list.length > 0 && !this.#tools.has(name)
    const isNameOpen = isUnknown && (isCounter(name) || this.#options.repairToolNames === 'schema')
    const waits = isNameOpen || header.isIdLate === true
    const waiting = waits ? [] : undefined
    const call = { header, id: header.id, name, waiting, waitingLength: 0, isNameOpen, first: '', written: [] }
    this.#open = call
    if (name !== header.name.trim()) this.repaired('tool-name', name)
    if (!waits) this.#tellStart(call)
  }

  setId(id: string): void {
    if (this.#open) this.#open.id = id
  }

  arguments(text: string): void {
    const call = this.#open
    if (!call || text === '') return
    if (call.first === '') call.first = text.charAt(0)
    if (this.#options.repairTruncated) call.written.push(text)
    if (!call.waiting) {
      this.#events.arguments(this.#count, text)
      return
    }
    call.waiting.push(text)
    call.waitingLength += text.length
    if (call.waitingLength > this.#maxHeld) this.#tellStart(call)
  }

  end(state: CallState, how: EndedHow): void {
    const call = this.#open
    if (!call) return
    if (call.first === '') this.arguments(state === 'complete' ? '{}' : '{')
    else if (call.first !== '{' && state === 'complete') state = 'invalid'
    if (state === 'incomplete' && how !== 'cut' && this.#options.repairTruncated) {
      this.repaired('truncated')
      this.arguments(shortestClosing(call.written.join('')))
    }
    if (call.waiting) {
      const found = call.isNameOpen ? toolNameByArguments(call.waiting.join(''), this.#tools) : undefined
      if (found !== undefined) {
        call.name = found
        this.repaired('tool-name', found)
      }
      this.#tellStart(call)
    }
    this.#events.callEnd(this.#count, state)
    this.#open = undefined
    this.#count++
  }

  /** `isOfCall`: of the last call, if none is open. */
  repaired(kind: RepairKind, detail?: string, isOfCall = false): void {
    const last = isOfCall && this.#count > 0 ? this.#count - 1 : undefined
    this.#options.onRepair?.({ kind, detail, index: this.#open ? this.#count : last })
  }

  #tellStart(call: OpenCall): void {
    this.#events.call(this.#count, this.#idOf(call), call.name)
    const { waiting } = call
    call.waiting = undefined
    for (const text of waiting ?? []) this.#events.arguments(this.#count, text)
  }

  #idOf({ name, header, id: given }: OpenCall): string {
    const { firstCallIndex = 0, toolCallIds, newId = newCallId, format } = this.#options
    const count = firstCallIndex + this.#count
    let id = typeof given === 'function' ? given(name, count) : given
    if (id !== undefined && toolCallIds === 'index') id = header.number ?? String(count)
    if (id === undefined || id === '' || this.#ids.has(id)) id = newId(format.idLength)
    while (this.#ids.has(id)) id += count
    this.#ids.add(id)
    return id
  }
}
