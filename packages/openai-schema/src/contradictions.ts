import type { ChatCompletionRequest } from './chat-request.ts'
import { quote } from './fields.ts'
import type { Tool, ToolChoice } from './tools.ts'

export interface Contradiction {
  field: 'max_tokens' | 'tool_choice'
  message: string
}

/** Finds fields that are fine each alone and cannot be met together. */
export function contradictions(request: ChatCompletionRequest): Contradiction[] {
  const found: Contradiction[] = []
  const { max_tokens: older, max_completion_tokens: limit } = request
  if (typeof older === 'number' && typeof limit === 'number' && older !== limit) {
    const message = `expected to equal max_completion_tokens, which is ${limit}, or to be left out; found ${older}`
    found.push({ field: 'max_tokens', message })
  }
  const missing = missingTool(request.tools ?? [], request.tool_choice)
  if (missing !== undefined) {
    const kind = missing.type === 'custom' ? 'custom tool' : 'function'
    const message = `expected the name of a ${kind} in tools; found ${quote(missing.name)}`
    found.push({ field: 'tool_choice', message })
  }
  return found
}

function missingTool(tools: Tool[], choice: ToolChoice | null | undefined) {
  const wanted = named(choice)
  if (wanted === undefined) return undefined
  for (const tool of tools) {
    const offered = named(tool)
    // A service's own tool, for instance an MCP server, may offer functions under names that are not in the request.
    if (offered === undefined) return undefined
    if (offered.type === wanted.type && offered.name === wanted.name) return undefined
  }
  return wanted
}

function named(item: Tool | ToolChoice | null | undefined) {
  if (typeof item !== 'object' || item === null) return undefined
  if (item.type === 'function') return { type: item.type, name: item.function.name }
  if (item.type === 'custom') return { type: item.type, name: item.custom.name }
  return undefined
}
