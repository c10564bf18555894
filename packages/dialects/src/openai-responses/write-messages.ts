import { DragomanError } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatMessage,
  ReasoningDetail,
  ToolCallParam,
  ToolMessage,
} from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import { Renames } from '../renames.ts'
import { unsupported } from '../unsupported.ts'
import { writeInput, writeOutput } from './write-content.ts'

type Fields = Record<string, unknown>

/** Writes messages as the items of a request. */
export class MessageWriter {
  #names: Renames
  #findings: Findings
  /** OpenAI's only rule for them is their length. */
  #callIds = new Renames(/^.{1,64}$/s, 64)
  #customCalls = new Set<string>()

  constructor(names: Renames, findings: Findings) {
    this.#names = names
    this.#findings = findings
  }

  write(messages: readonly ChatMessage[]): Fields[] {
    return messages.flatMap((message, i) => this.#message(message, `messages[${i}]`))
  }

  #message(message: ChatMessage, path: string): Fields[] {
    if (message.role !== 'function' && message.name) this.#findings.drop(`${path}.name`)
    switch (message.role) {
      case 'developer':
      case 'system':
      case 'user': {
        const content = writeInput(message.content, `${path}.content`, this.#findings)
        return [{ type: 'message', role: message.role, content }]
      }
      case 'assistant':
        return this.#assistant(message, path)
      case 'tool':
        return [this.#result(message, path)]
      case 'function':
        throw legacy(`${path}.role`)
    }
  }

  #assistant(message: AssistantMessage, path: string): Fields[] {
    if (message.function_call) throw legacy(`${path}.function_call`)
    if (message.audio) {
      throw new DragomanError('unsupported_parameter', `${path}.audio: not supported by this model`, {
        param: `${path}.audio`,
      })
    }
    const reasoning = reasoningItems(message.reasoning_details ?? [])
    // Text alone cannot be sent: OpenAI takes back what it has sealed, and nothing else.
    if (message.reasoning_content && reasoning.length === 0) this.#findings.drop('messages[].reasoning_content')
    const content = writeOutput(message.content ?? '', `${path}.content`, this.#findings)
    if (message.refusal) content.push({ type: 'refusal', refusal: message.refusal })
    const said = content.length > 0 ? [{ type: 'message', role: 'assistant', content }] : []
    const calls = (message.tool_calls ?? []).map((call, i) => this.#call(call, `${path}.tool_calls[${i}]`))
    return [...reasoning, ...said, ...calls]
  }

  #call(call: ToolCallParam, path: string): Fields {
    switch (call.type) {
      case 'function': {
        const { name, arguments: given } = call.function
        const text = typeof given === 'string' ? given : JSON.stringify(given)
        return {
          type: 'function_call',
          call_id: this.#callIds.write(call.id),
          name: this.#names.write(name),
          arguments: text === '' ? '{}' : text,
        }
      }
      case 'custom': {
        this.#customCalls.add(call.id)
        const { name, input } = call.custom
        return {
          type: 'custom_tool_call',
          call_id: this.#callIds.write(call.id),
          name: this.#names.write(name),
          input,
        }
      }
      default:
        throw unsupported(call.type, path)
    }
  }

  #result({ tool_call_id, content }: ToolMessage, path: string): Fields {
    return {
      type: this.#customCalls.has(tool_call_id) ? 'custom_tool_call_output' : 'function_call_output',
      call_id: this.#callIds.write(tool_call_id),
      output: writeInput(content, `${path}.content`, this.#findings),
    }
  }
}

function legacy(param: string): DragomanError {
  return new DragomanError('unsupported_parameter', `${param}: the legacy form of tools is not supported here`, {
    param,
  })
}

/** Details of one item share its id. An item that was not sealed is unknown to a service that stores nothing. */
function reasoningItems(details: readonly ReasoningDetail[]): Fields[] {
  const items = new Map<string, { summary: Fields[]; encrypted_content: string | undefined }>()
  for (const detail of details) {
    if (detail.format !== 'openai-responses-v1' || !detail.id) continue
    let item = items.get(detail.id)
    if (!item) {
      item = { summary: [], encrypted_content: undefined }
      items.set(detail.id, item)
    }
    if (detail.type === 'reasoning.summary') item.summary.push({ type: 'summary_text', text: detail.summary })
    else if (detail.type === 'reasoning.encrypted') item.encrypted_content = detail.data
  }
  return [...items]
    .filter(([, { encrypted_content }]) => encrypted_content !== undefined)
    .map(([id, item]) => ({ type: 'reasoning', id, ...item }))
}
