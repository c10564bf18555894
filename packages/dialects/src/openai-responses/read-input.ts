import { DragomanError, type ReasoningSeal } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatMessage,
  ContentPart as ChatPart,
  ReasoningDetail,
  ToolCallParam,
} from '@dragoman/openai-schema'
import { quote } from '@dragoman/openai-schema/fields'
import type { Findings } from '../findings.ts'
import { ContentReader } from './read-content.ts'
import type { InputItem } from './request-schema.ts'
import type { ToolTable } from './tool-table.ts'

/** What happened in one turn of the model: one assistant message, and the results of its calls. */
interface Turn {
  readonly texts: string[]
  readonly refusals: string[]
  readonly reasoning: string[]
  readonly details: ReasoningDetail[]
  readonly calls: Call[]
  hasMessage: boolean
  hasOutputs: boolean
}

interface Call {
  readonly param: ToolCallParam
  output?: { readonly text: string; readonly media: readonly ChatPart[] }
}

/**
 * Groups items into the messages of Chat Completions: what the model did in a row is one assistant message, and the
 * outputs of its calls follow it in the order of the calls, wherever the client has put them.
 */
export class InputReader {
  #tools: ToolTable
  #content: ContentReader
  #findings: Findings
  #seal: ReasoningSeal | undefined
  #said: (ChatMessage | Turn)[] = []
  #turn: Turn | undefined
  /** Calls without an output yet, oldest first: some services number their calls anew in every turn. */
  #open = new Map<string, { readonly turn: Turn; readonly call: Call }[]>()

  constructor(tools: ToolTable, findings: Findings, seal: ReasoningSeal | undefined) {
    this.#tools = tools
    this.#findings = findings
    this.#content = new ContentReader(findings)
    this.#seal = seal
  }

  /** Takes one more item. `path` is where it stands in the body, for errors. */
  read(item: InputItem, path: string): void {
    switch (item.type) {
      case 'function_call': {
        const name = this.#tools.flatName(item.name, item.namespace)
        this.#call(item.call_id, { name, arguments: item.arguments }, path)
        break
      }
      case 'custom_tool_call': {
        const { namespace } = item as { namespace?: string | null }
        const name = this.#tools.flatName(item.name, namespace)
        this.#call(item.call_id, { name, arguments: JSON.stringify({ input: item.input }) }, path)
        break
      }
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#output(item.call_id, this.#content.output(item.output, `${path}.output`), path)
        break
      case 'reasoning':
        this.#reasoning(item)
        break
      case 'message':
      case undefined:
        this.#message(item, path)
        break
      case 'item_reference':
        throw new DragomanError('invalid_request', `${path}.id: no item ${quote(item.id)} is stored here`, {
          param: `${path}.id`,
          publicCode: 'invalid_value',
        })
      default:
        this.#other((item as { type: string }).type, path)
    }
  }

  messages(): ChatMessage[] {
    return this.#said.flatMap((said) => ('role' in said ? [said] : turnMessages(said)))
  }

  #message(item: Extract<InputItem, { type?: 'message' | undefined }>, path: string): void {
    if (item.role !== 'assistant') {
      this.#turn = undefined
      this.#said.push({ role: item.role, content: this.#content.message(item.content, `${path}.content`) })
      return
    }
    const { text, refusal } = this.#content.answer(item.content, `${path}.content`)
    // What is said after calls belongs behind their outputs, which may still be to come.
    const turn = this.#current({ isNew: (this.#turn?.calls.length ?? 0) > 0 })
    turn.hasMessage = true
    if (text !== '') turn.texts.push(text)
    if (refusal !== '') turn.refusals.push(refusal)
  }

  #call(id: string, fn: { name: string; arguments: string }, path: string): void {
    const turn = this.#current()
    const call: Call = { param: { id, type: 'function', function: fn } }
    turn.calls.push(call)
    const open = this.#open.get(id)
    // Nobody could tell whose output is whose.
    if (open?.at(-1)?.turn === turn) {
      const message = `${path}.call_id: another call of this turn has the id ${quote(id)}`
      throw new DragomanError('invalid_request', message, { param: `${path}.call_id`, publicCode: 'invalid_value' })
    }
    if (open) open.push({ turn, call })
    else this.#open.set(id, [{ turn, call }])
  }

  #output(id: string, output: NonNullable<Call['output']>, path: string): void {
    const answered = this.#open.get(id)?.shift()
    if (!answered) {
      const message = `${path}.call_id: no call ${quote(id)} without an output comes before this item`
      throw new DragomanError('invalid_request', message, { param: `${path}.call_id`, publicCode: 'invalid_value' })
    }
    answered.call.output = output
    answered.turn.hasOutputs = true
  }

  /** An opaque value that cannot be read is no error: the text is used, if there is any. */
  #reasoning(item: Extract<InputItem, { type: 'reasoning' }>): void {
    const opened = typeof item.encrypted_content === 'string' ? this.#seal?.open(item.encrypted_content) : undefined
    const text = opened?.text ?? shownReasoning(item)
    if (text === '' && !opened?.details?.length) return
    const turn = this.#current()
    if (text !== '') turn.reasoning.push(text)
    if (opened?.details) turn.details.push(...opened.details)
  }

  #other(type: string, path: string): void {
    if (type === 'web_search_call') this.#findings.drop(`${path}:${type}`)
    else this.#findings.needsRelay(`${path}.type`, `${quote(type)} is not supported by this model`)
  }

  #current({ isNew = false } = {}): Turn {
    if (!this.#turn || this.#turn.hasOutputs || isNew) {
      this.#turn = {
        texts: [],
        refusals: [],
        reasoning: [],
        details: [],
        calls: [],
        hasMessage: false,
        hasOutputs: false,
      }
      this.#said.push(this.#turn)
    }
    return this.#turn
  }
}

function shownReasoning({ content, summary }: Extract<InputItem, { type: 'reasoning' }>): string {
  if (content && content.length > 0) return content.map(({ text }) => text).join('')
  return (summary ?? []).map(({ text }) => text).join('\n\n')
}

function turnMessages(turn: Turn): ChatMessage[] {
  const { texts, refusals, reasoning, details, calls } = turn
  // Reasoning that led to nothing: no service takes an assistant message that says nothing.
  if (!turn.hasMessage && calls.length === 0) return []
  const text = texts.join('')
  const assistant: AssistantMessage = {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || refusals.length > 0) ? null : text,
  }
  if (refusals.length > 0) assistant.refusal = refusals.join('')
  if (reasoning.length > 0) assistant.reasoning_content = reasoning.join('')
  if (details.length > 0) assistant.reasoning_details = details
  if (calls.length > 0) assistant.tool_calls = calls.map(({ param }) => param)
  return [assistant, ...outputMessages(calls)]
}

/** Tool messages have to follow each other, so what they cannot carry comes after all of them. */
function outputMessages(calls: readonly Call[]): ChatMessage[] {
  const results: ChatMessage[] = []
  const shown: ChatPart[] = []
  for (const { param, output } of calls) {
    if (!output) continue
    const { text, media } = output
    const note = media.length > 0 ? '(The attachment of this result is in the next message.)' : ''
    const content = [text, note].filter(Boolean).join('\n')
    results.push({ role: 'tool', tool_call_id: param.id ?? '', content })
    if (media.length > 0) shown.push({ type: 'text', text: `Attachment of the result of ${param.id}:` }, ...media)
  }
  if (shown.length > 0) results.push({ role: 'user', content: shown })
  return results
}
