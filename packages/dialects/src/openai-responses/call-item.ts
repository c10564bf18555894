import { DragomanError } from '@dragoman/core'
import { newId } from '../ids.ts'
import { JsonObjectEnd } from '../json-object-end.ts'
import { WholePairs } from '../whole-pairs.ts'
import { AnswerItem } from './answer-item.ts'
import { type EventWriter, eventHead } from './event-writer.ts'
import { InputText } from './input-text.ts'
import type { OutputCustomCall, OutputFunctionCall, OutputItem } from './response-object.ts'
import type { ClientTool } from './tool-table.ts'

/** A call of one of the client's tools. */
export abstract class CallItem extends AnswerItem {
  protected readonly callId: string
  protected readonly named: { readonly name: string; readonly namespace?: string }
  protected readonly pairs = new WholePairs()
  #end = new JsonObjectEnd()
  /** Not looked at yet: where the arguments end matters only when something waits for that. */
  #unread: string[] = []
  #isClosed = false
  #head: string | undefined
  protected written = ''

  constructor(out: EventWriter, callId: string, { name, namespace }: ClientTool) {
    super(out)
    this.callId = callId
    this.named = namespace ? { name, namespace } : { name }
  }

  isComplete(): boolean {
    for (const piece of this.#unread.splice(0)) this.#end.push(piece)
    return this.#end.isReached
  }

  push(piece: string): void {
    if (this.#isClosed) {
      if (piece.trim() === '') return
      // Another item has been told of since; nothing can be added to this one, and half a call must not be made.
      throw new DragomanError('upstream_protocol', 'The upstream went on with a tool call that was complete', {
        origin: 'upstream',
      })
    }
    this.#unread.push(piece)
    if (this.isOpen) this.tell(piece)
    else this.later(() => this.tell(piece))
  }

  override close(isCut: boolean): OutputItem {
    this.#isClosed = true
    if (!isCut || this.isComplete()) return super.close(false)
    // A call that was cut off is never said to be done: clients run what is.
    this.flush()
    return this.item('incomplete')
  }

  protected finished(): OutputItem {
    this.flush()
    const item = this.item('completed')
    this.tellDone(item)
    return item
  }

  protected delta(type: string, text: string): void {
    if (text === '') return
    this.#head ??= eventHead(type, this.place)
    this.written += text
    this.out.delta(this.#head, text)
  }

  protected get place() {
    return { item_id: this.id, output_index: this.index }
  }

  protected abstract tell(piece: string): void
  protected abstract flush(): void
  protected abstract item(status: 'completed' | 'incomplete'): OutputItem
  protected abstract tellDone(item: OutputItem): void
}

export class FunctionCallItem extends CallItem {
  readonly id = newId('fc')

  protected begun(): object {
    return { ...this.item('completed'), status: 'in_progress' }
  }

  protected tell(piece: string): void {
    this.delta(argumentsDelta, this.pairs.take(piece))
  }

  protected flush(): void {
    this.delta(argumentsDelta, this.pairs.rest())
  }

  protected override finished(): OutputItem {
    // A call without arguments; clients parse what they get.
    if (this.written.trim() === '') this.delta(argumentsDelta, '{}')
    return super.finished()
  }

  protected item(status: 'completed' | 'incomplete'): OutputFunctionCall {
    const { id, callId: call_id, named, written } = this
    return { id, type: 'function_call', status, call_id, ...named, arguments: written }
  }

  protected tellDone(): void {
    const { place, named, written } = this
    this.out.event('response.function_call_arguments.done', { ...place, name: named.name, arguments: written })
  }
}

const argumentsDelta = 'response.function_call_arguments.delta'

/** A call of a tool that takes plain text. The model was shown a function with one argument, which is read back. */
export class CustomCallItem extends CallItem {
  readonly id = newId('ctc')
  #input: Pick<InputText, 'push' | 'end'>
  #isPlain: boolean

  /** @param isPlain the upstream knows custom tools itself, so the text is the input already */
  constructor(out: EventWriter, callId: string, tool: ClientTool, isPlain: boolean) {
    super(out, callId, tool)
    this.#isPlain = isPlain
    this.#input = isPlain ? { push: (piece) => piece, end: () => '' } : new InputText()
  }

  override isComplete(): boolean {
    // Plain text does not tell where it ends.
    return !this.#isPlain && super.isComplete()
  }

  protected begun(): object {
    return { ...this.item('completed'), status: 'in_progress' }
  }

  protected tell(piece: string): void {
    this.delta(inputDelta, this.pairs.take(this.#input.push(piece)))
  }

  protected flush(): void {
    this.delta(inputDelta, this.pairs.take(this.#input.end()) + this.pairs.rest())
  }

  protected item(status: 'completed' | 'incomplete'): OutputCustomCall {
    const { id, callId: call_id, named, written } = this
    return { id, type: 'custom_tool_call', status, call_id, ...named, input: written }
  }

  protected tellDone(): void {
    this.out.event('response.custom_tool_call_input.done', { ...this.place, input: this.written })
  }
}

const inputDelta = 'response.custom_tool_call_input.delta'
