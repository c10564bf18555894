import { EventQueue } from './event-queue.ts'
import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import type { CallHeader } from './markup-format.ts'
import type { MarkupParserOptions } from './markup-machine.ts'
import { newCallId } from './new-call-id.ts'
import type { ToolSet } from './tool.ts'
import { mendToolName } from './tool-names.ts'

/** The call that is being read: what came of it before its start could be told. */
interface OpenCall extends CallHeader {
  id?: CallHeader['id']
  name: string
  isTold: boolean
  /** First character of the arguments, '' before it. */
  first: string
  /** The arguments, as long as the start waits for them, or where they may have to be closed. */
  text: string
}

const NAME = /^[\p{L}\p{N}_\-.:/]+$/u
/** Longer than any marker. */
const MIN_HELD = 64

/** Makes events of the calls: their order, indexes, names and ids. */
export class CallSink {
  readonly tools: ToolSet
  readonly maxHeld: number
  how: EndedHow = 'stop'
  protected readonly options: MarkupParserOptions
  protected readonly events = new EventQueue()
  readonly #ids = new Set<string>()
  #index = 0
  #open: OpenCall | undefined

  constructor(options: MarkupParserOptions, tools: ToolSet) {
    this.options = options
    this.tools = tools
    this.maxHeld = Math.max(options.maxHeld ?? 262_144, MIN_HELD)
  }

  arguments(text: string): void {
    const call = this.#open
    if (!call || text === '') return
    call.first ||= text.charAt(0)
    if (!call.isTold || this.options.repairTruncated) call.text += text
    if (call.isTold) this.events.push({ type: 'tool-arguments', index: this.#index, text })
    else if (call.text.length > this.maxHeld) this.#tell(call)
  }

  endCall(state: CallState): void {
    const call = this.#open
    if (!call) return
    if (call.first === '') this.arguments(state === 'complete' ? '{}' : '{')
    else if (call.first !== '{' && state === 'complete') state = 'invalid'
    const { repairTruncated } = this.options
    if (state === 'incomplete' && this.how !== 'cut' && repairTruncated) {
      this.repaired('truncated')
      this.arguments(repairTruncated(call.text))
    }
    if (!call.isTold) {
      const found = call.findName?.(call.text, this.tools)
      if (found !== undefined) this.#rename(call, found)
      this.#tell(call)
    }
    this.events.push({ type: 'tool-call-end', index: this.#index, state })
    this.#open = undefined
    this.#index++
  }

  setCallId(id: string): void {
    if (this.#open) this.#open.id = id
  }

  /** Of the open call, or of the last. */
  repaired(kind: RepairKind, detail?: string): void {
    const index = this.#open ? this.#index : this.#index - 1
    this.options.onRepair?.({ kind, detail, index: index < 0 ? undefined : index })
  }

  /** The name under which a call may start; undefined where it may not. */
  protected nameOf({ name }: CallHeader, mustBeDeclared: boolean): string | undefined {
    const written = name.trim()
    if (!NAME.test(written)) return undefined
    return mendToolName(written, this.tools) ?? (mustBeDeclared ? undefined : written)
  }

  protected openCall(header: CallHeader, name: string): void {
    const isUnknown = this.tools.list.length > 0 && !this.tools.has(name)
    const findName = isUnknown ? (header.findName ?? this.options.repairToolNames) : undefined
    const call = { ...header, name: header.name.trim(), findName, isTold: false, first: '', text: '' }
    this.#open = call
    if (name !== call.name) this.#rename(call, name)
    if (!findName && !header.isIdLate) this.#tell(call)
  }

  #rename(call: OpenCall, name: string): void {
    call.name = name
    this.repaired('tool-name', name)
  }

  #tell(call: OpenCall): void {
    const index = this.#index
    const { name, text } = call
    call.isTold = true
    this.events.push({ type: 'tool-call', index, id: this.#idOf(call), name })
    if (text !== '') this.events.push({ type: 'tool-arguments', index, text })
  }

  #idOf({ name, number, id: given }: OpenCall): string {
    const { firstCallIndex = 0, toolCallIds, newId = newCallId, format } = this.options
    const count = firstCallIndex + this.#index
    let id = typeof given === 'function' ? given(name, count) : given
    if (id !== undefined && toolCallIds === 'index') id = number ?? String(count)
    if (!id || this.#ids.has(id)) id = newId(format.idLength)
    while (this.#ids.has(id)) id += count
    this.#ids.add(id)
    return id
  }
}
