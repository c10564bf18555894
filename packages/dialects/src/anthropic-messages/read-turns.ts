import { DragomanError, type ReasoningSeal } from '@dragoman/core'
import type { ChatMessage, ContentPart, ToolMessage } from '@dragoman/openai-schema'
import { append } from '../append.ts'
import type { Findings } from '../findings.ts'
import { AssistantTurn } from './assistant-turn.ts'
import { contentOf, readContent, textPart } from './read-content.ts'
import type { MessageParam, ResultBlock, TextBlock, ToolResultBlock } from './request-schema.ts'
import { callIdOf } from './tool-use-id.ts'

/** The messages of a request in the canonical form, which wants the results of a turn's calls right behind it. */
export function readTurns(
  messages: readonly MessageParam[],
  seal: ReasoningSeal | undefined,
  findings: Findings,
): ChatMessage[] {
  const turns = new Turns(seal, findings)
  for (const [i, message] of messages.entries()) turns.add(message, `messages[${i}]`)
  return turns.messages()
}

class Turns {
  readonly #seal: ReasoningSeal | undefined
  readonly #findings: Findings
  readonly #messages: ChatMessage[] = []
  /** The assistant's turn that is being read. */
  #turn: AssistantTurn | undefined
  /** Calls of the last turn that have no result yet, and those that have. */
  #calls: ReadonlySet<string> = new Set()
  #answered = new Set<string>()
  /** What follows that turn: results of its calls come first, wherever they stood. */
  #results: ToolMessage[] = []
  #following: ChatMessage[] = []

  constructor(seal: ReasoningSeal | undefined, findings: Findings) {
    this.#seal = seal
    this.#findings = findings
  }

  add(message: MessageParam, path: string): void {
    if (message.role === 'assistant') {
      this.#turn ??= new AssistantTurn(this.#seal, this.#findings)
      this.#turn.add(message, path)
      return
    }
    this.#endTurn()
    if (message.role === 'system') this.#following.push({ role: 'system', content: this.#plain(message, path) })
    else this.#user(message, path)
  }

  messages(): ChatMessage[] {
    this.#endTurn()
    this.#settle()
    return this.#messages
  }

  #endTurn(): void {
    if (!this.#turn) return
    this.#settle()
    this.#messages.push(this.#turn.message())
    this.#calls = this.#turn.toolUseIds
    this.#answered = new Set()
    this.#turn = undefined
  }

  #settle(): void {
    append(this.#messages, this.#results)
    append(this.#messages, this.#following)
    this.#results = []
    this.#following = []
  }

  #plain({ content }: MessageParam, path: string) {
    return typeof content === 'string' ? content : contentOf(this.#parts(content as TextBlock[], `${path}.content`))
  }

  #parts(blocks: readonly (ResultBlock | TextBlock)[], path: string): ContentPart[] {
    return blocks.flatMap((block, i) => readContent(block, `${path}[${i}]`, this.#findings))
  }

  #user({ content }: MessageParam, path: string): void {
    if (typeof content === 'string') {
      this.#following.push({ role: 'user', content })
      return
    }
    const seen: ContentPart[] = []
    const said: ContentPart[] = []
    for (const [i, block] of content.entries()) {
      const at = `${path}.content[${i}]`
      if (block.type === 'tool_result') append(seen, this.#result(block, at))
      else append(said, readContent(block as ResultBlock, at, this.#findings))
    }
    const parts = [...seen, ...said]
    const hasOnlyResults = parts.length === 0 && content.length > 0
    if (!hasOnlyResults) this.#following.push({ role: 'user', content: contentOf(parts) })
  }

  /** Puts the result in its place. Gives what a tool's message cannot hold: images and files, for the user's message. */
  #result(block: ToolResultBlock, path: string): ContentPart[] {
    this.#assertAwaited(block.tool_use_id, `${path}.tool_use_id`)
    const texts: ContentPart[] = []
    const seen: ContentPart[] = []
    const parts =
      typeof block.content === 'string'
        ? [textPart({ text: block.content })]
        : this.#parts(block.content ?? [], `${path}.content`)
    for (const part of parts) {
      if (part.type === 'text') texts.push(part)
      else seen.push(textPart({ text: `Returned by tool call ${block.tool_use_id}:` }), part)
    }
    if (seen.length > 0) texts.push(textPart({ text: '[shown in the next message of the user]' }))
    if (block.is_error) markFailed(texts)
    const result: ToolMessage = {
      role: 'tool',
      tool_call_id: callIdOf(block.tool_use_id),
      content: contentOf(texts),
    }
    if (block.cache_control) result.cache_control = block.cache_control
    this.#results.push(result)
    return seen
  }

  #assertAwaited(id: string, param: string): void {
    const isAwaited = this.#calls.has(id)
    if (isAwaited && !this.#answered.has(id)) {
      this.#answered.add(id)
      return
    }
    const message = isAwaited
      ? `a second result for the tool_use ${JSON.stringify(id)}`
      : `no tool_use with the id ${JSON.stringify(id)} in the assistant's turn before`
    throw new DragomanError('invalid_request', `${param}: ${message}`, { param, publicCode: 'invalid_value' })
  }
}

/** Chat has no field for it. */
function markFailed(texts: ContentPart[]): void {
  const [first] = texts
  const text = first?.type === 'text' ? first.text : ''
  if (/error|fail/i.test(text)) return
  const marked = textPart({ text: `Error: ${text}` })
  texts.splice(0, first ? 1 : 0, first ? { ...first, ...marked } : marked)
}
