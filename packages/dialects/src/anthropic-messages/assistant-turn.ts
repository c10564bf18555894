import { DragomanError, type ReasoningSeal } from '@dragoman/core'
import type { AssistantMessage, FunctionToolCallParam, ReasoningDetail, TextPart } from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import { textPart, typeOf } from './read-content.ts'
import type { ContentBlock, MessageParam } from './request-schema.ts'
import { callIdOf } from './tool-use-id.ts'

/** One turn of the assistant, which may stand in several messages, as one message. */
export class AssistantTurn {
  readonly #seal: ReasoningSeal | undefined
  readonly #findings: Findings
  readonly #texts: TextPart[] = []
  readonly #calls: FunctionToolCallParam[] = []
  readonly #ids = new Set<string>()
  readonly #details: ReasoningDetail[] = []
  /** The least index that no detail of an earlier message has: details of one index would be taken for one. */
  #firstIndex = 0
  #nextIndex = 0
  #reasoning = ''

  constructor(seal: ReasoningSeal | undefined, findings: Findings) {
    this.#seal = seal
    this.#findings = findings
  }

  /** Ids of its calls, as the client has them. */
  get toolUseIds(): ReadonlySet<string> {
    return this.#ids
  }

  add({ content }: MessageParam, path: string): void {
    if (typeof content === 'string') {
      if (content !== '') this.#texts.push(textPart({ text: content }))
      return
    }
    this.#firstIndex = this.#nextIndex
    for (const [i, block] of content.entries()) this.#block(block, `${path}.content[${i}]`)
  }

  message(): AssistantMessage {
    const content = this.#content()
    const message: AssistantMessage = {
      role: 'assistant',
      content: content === '' && this.#calls.length > 0 ? null : content,
    }
    if (this.#reasoning !== '') message.reasoning_content = this.#reasoning
    if (this.#details.length > 0) message.reasoning_details = this.#details
    if (this.#calls.length > 0) message.tool_calls = this.#calls
    return message
  }

  /** Blocks of one text are the same text to any other service; cache marks need them apart. */
  #content(): string | TextPart[] {
    if (this.#texts.some(({ cache_control }) => cache_control)) return this.#texts
    return this.#texts.map(({ text }) => text).join('')
  }

  #block(block: ContentBlock, path: string): void {
    switch (block.type) {
      case 'text':
        if (block.text !== '') this.#texts.push(textPart(block))
        return
      case 'thinking': {
        const sealed = block.signature ? this.#seal?.open(block.signature) : undefined
        // What was not sealed here proves nothing to anybody else: its text is all that is left of it.
        this.#reasoning += sealed ? sealed.text : block.thinking
        for (const detail of sealed?.details ?? []) this.#detail(detail)
        return
      }
      case 'redacted_thinking':
        this.#details.push({ type: 'reasoning.encrypted', data: block.data, format: 'anthropic-claude-v1' })
        return
      case 'tool_use': {
        if (this.#ids.has(block.id)) {
          throw new DragomanError('invalid_request', `${path}.id: tool_use ids must be unique`, {
            param: `${path}.id`,
            publicCode: 'invalid_value',
          })
        }
        this.#ids.add(block.id)
        this.#calls.push({
          id: callIdOf(block.id),
          type: 'function',
          function: { name: block.name, arguments: JSON.stringify(block.input) },
        })
        return
      }
      default:
        this.#other(block, path)
    }
  }

  #detail(detail: ReasoningDetail): void {
    if (typeof detail.index !== 'number') {
      this.#details.push(detail)
      return
    }
    const index = detail.index + this.#firstIndex
    this.#nextIndex = Math.max(this.#nextIndex, index + 1)
    this.#details.push({ ...detail, index })
  }

  #other(block: ContentBlock, path: string): void {
    const type = typeOf(block)
    // What a hosted tool did earlier: only Anthropic can read it, and the text of the turn says what came of it.
    if (type === 'server_tool_use' || type.endsWith('_tool_result')) this.#findings.drop(`${path}:${type}`)
    else this.#findings.needsRelay(`${path}.type`, `${JSON.stringify(type)} is not supported by this model`)
  }
}
