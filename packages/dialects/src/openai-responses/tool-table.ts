import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, FunctionTool as ChatFunctionTool } from '@dragoman/openai-schema'
import { quote } from '@dragoman/openai-schema/fields'
import type { Findings } from '../findings.ts'
import { describeTextTool, textToolSchema } from '../text-tool.ts'
import type { CustomTool, FunctionTool, RequestTool, ResponsesRequest } from './request-schema.ts'

interface AllowedTool {
  readonly type: string
  readonly name?: string | null | undefined
  readonly namespace?: string | null | undefined
}

/** What a function of the canonical form is to the client. */
export interface ClientTool {
  readonly kind: 'function' | 'custom'
  readonly name: string
  /** The namespace that the client put it into. */
  readonly namespace?: string | undefined
}

/**
 * The tools of one request. Chat Completions has neither namespaces nor, with most services, custom tools: all become
 * functions with a flat name, and calls find their way back by that name.
 */
export class ToolTable {
  #findings: Findings
  #chat: ChatFunctionTool[] = []
  #byFlatName = new Map<string, ClientTool>()
  #flatNames = new Map<string, string>()
  #hosted: string | undefined

  constructor(tools: readonly RequestTool[], findings: Findings) {
    this.#findings = findings
    for (const [i, tool] of tools.entries()) this.#add(tool, `tools[${i}]`)
  }

  /** The client's own name of a function that the model called; a name that was not offered stays as it is. */
  clientTool(flatName: string): ClientTool {
    return this.#byFlatName.get(flatName) ?? { kind: 'function', name: flatName }
  }

  /** The function's name in the canonical form. For calls of tools that are no longer offered it is made by the rule. */
  flatName(name: string, namespace: string | null | undefined): string {
    return this.#flatNames.get(keyOf(name, namespace)) ?? flatten(name, namespace)
  }

  /** `tools`, `tool_choice` and `parallel_tool_calls`: together, or none of them. */
  fields({ tool_choice, parallel_tool_calls }: ResponsesRequest): Partial<ChatCompletionRequest> {
    const choice = this.#choice(tool_choice)
    if (this.#chat.length === 0) return {}
    const fields: Partial<ChatCompletionRequest> = { tools: this.#chat }
    if (choice !== undefined) fields.tool_choice = choice
    if (typeof parallel_tool_calls === 'boolean') fields.parallel_tool_calls = parallel_tool_calls
    return fields
  }

  #add(tool: RequestTool, path: string): void {
    switch (tool.type) {
      case 'function':
        this.#function(tool)
        break
      case 'custom':
        this.#custom(tool)
        break
      case 'namespace':
        for (const [i, member] of tool.tools.entries()) {
          if (member.type === 'function') this.#function(member, tool.name)
          else if (member.type === 'custom') this.#custom(member, tool.name)
          else this.#unsupported(member.type, `${path}.tools[${i}]`)
        }
        break
      default:
        this.#hosted ??= tool.type
        // Offered, not demanded: the model answers without it, and the client is told.
        if (isDispensable(tool.type)) this.#findings.drop(`${path}:${tool.type}`)
        else this.#unsupported(tool.type, path)
    }
  }

  #function(tool: FunctionTool, namespace?: string): void {
    const name = this.#register({ kind: 'function', name: tool.name, namespace })
    const definition: ChatFunctionTool['function'] = { name }
    if (tool.description) definition.description = tool.description
    if (tool.parameters) definition.parameters = tool.parameters
    // Responses' own default is strict, Chat Completions' is not; only what was written down is carried over.
    if (typeof tool.strict === 'boolean') definition.strict = tool.strict
    this.#chat.push({ type: 'function', function: definition })
  }

  #custom(tool: CustomTool, namespace?: string): void {
    const name = this.#register({ kind: 'custom', name: tool.name, namespace })
    const { format } = tool
    const description = describeTextTool(tool.description, format?.type === 'grammar' ? format : undefined)
    this.#chat.push({
      type: 'function',
      function: { name, ...(description && { description }), parameters: { ...textToolSchema } },
    })
  }

  #register(tool: ClientTool): string {
    const key = keyOf(tool.name, tool.namespace)
    const known = this.#flatNames.get(key)
    // Told twice: whether that is a mistake is for the service to say.
    if (known !== undefined) return known
    const wanted = flatten(tool.name, tool.namespace)
    let flatName = wanted
    for (let n = 2; this.#byFlatName.has(flatName); n++) flatName = shortened(wanted, `_${n}`)
    this.#byFlatName.set(flatName, tool)
    this.#flatNames.set(key, flatName)
    return flatName
  }

  #choice(choice: ResponsesRequest['tool_choice']): ChatCompletionRequest['tool_choice'] | undefined {
    if (choice === null || choice === undefined) return undefined
    if (typeof choice === 'string') {
      if (choice === 'required' && this.#chat.length === 0) this.#forced(this.#hosted)
      return choice
    }
    if (choice.type === 'allowed_tools') {
      const mode = choice.mode ?? 'auto'
      const allowed = this.#allowed(choice.tools ?? [])
      if (allowed.length === 0) {
        if (mode === 'required') this.#forced(choice.tools?.[0]?.type)
        return 'none'
      }
      const tools = allowed.map((name) => ({ type: 'function', function: { name } }))
      return { type: 'allowed_tools', allowed_tools: { mode, tools } }
    }
    if (choice.type !== 'function' && choice.type !== 'custom') {
      this.#forced(choice.type)
      return undefined
    }
    if (typeof choice.name !== 'string') {
      throw new DragomanError('invalid_request', 'tool_choice.name: required; expected a string', {
        param: 'tool_choice.name',
        publicCode: 'missing_required_parameter',
      })
    }
    const name = this.#flatNames.get(keyOf(choice.name, choice.namespace))
    if (name === undefined) {
      const message = `tool_choice: expected the name of a tool in tools; found ${quote(choice.name)}`
      throw new DragomanError('invalid_request', message, { param: 'tool_choice', publicCode: 'invalid_value' })
    }
    return { type: 'function', function: { name } }
  }

  /** The flat names that entries of `allowed_tools` stand for: several for a namespace, none for a dropped tool. */
  #allowed(entries: readonly AllowedTool[]): string[] {
    const namespaces = new Set(entries.flatMap(({ type, name }) => (type === 'namespace' ? [name] : [])))
    const keys = new Set(entries.map(({ name, namespace }) => keyOf(name ?? '', namespace)))
    return [...this.#byFlatName]
      .filter(([, { name, namespace }]) => {
        return keys.has(keyOf(name, namespace)) || (namespace !== undefined && namespaces.has(namespace))
      })
      .map(([flatName]) => flatName)
  }

  #unsupported(type: string, path: string): void {
    this.#findings.needsRelay(`${path}.type`, `${quote(type)} is not supported by this model`)
  }

  #forced(type: string | undefined): void {
    if (type === undefined) return
    this.#findings.needsRelay('tool_choice', `${quote(type)} is not supported by this model, so it cannot be required`)
  }
}

/**
 * A search of the web, and one for tools that are loaded later: those of the request are all sent anyway, and Codex
 * offers it with every model that it takes for one of OpenAI's.
 */
const isDispensable = (type: string) => /^(web_search(_preview)?(_\d{4}_\d{2}_\d{2})?|tool_search)$/.test(type)

const keyOf = (name: string, namespace: string | null | undefined) => `${namespace ?? ''}\n${name}`

/** OpenAI's limit, which other services share. */
const longestName = 64

function flatten(name: string, namespace: string | null | undefined): string {
  const whole = namespace ? `${namespace}__${name}` : name
  return namespace && whole.length > longestName ? shortened(whole, `_${fingerprint(whole)}`) : whole
}

function shortened(name: string, suffix: string): string {
  return name.slice(0, longestName - suffix.length) + suffix
}

/** FNV-1a: names that were cut stay apart, and the same tool has the same name in every request. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
