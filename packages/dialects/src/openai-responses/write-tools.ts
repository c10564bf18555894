import type { ChatCompletionRequest, Tool, ToolChoice } from '@dragoman/openai-schema'
import type { Renames } from '../renames.ts'
import { unsupported } from '../unsupported.ts'

type Fields = Record<string, unknown>

/** Tools that OpenAI runs itself have the same form in both. */
const hosted =
  /^(web_search|web_search_preview|mcp|code_interpreter|file_search|image_generation)(_\d{4}_\d{2}_\d{2})?$/

/** `tools`, `tool_choice` and `parallel_tool_calls`: together, or none of them. */
export function writeTools(request: ChatCompletionRequest, names: Renames): Fields {
  const { tool_choice, parallel_tool_calls, web_search_options: search } = request
  const tools = (request.tools ?? []).map((tool, i) => writeTool(tool, `tools[${i}]`, names))
  if (search) tools.push(webSearch(search))
  if (tools.length === 0) return {}
  return {
    tools,
    ...(tool_choice && { tool_choice: writeChoice(tool_choice, names) }),
    ...(typeof parallel_tool_calls === 'boolean' && { parallel_tool_calls }),
  }
}

function writeTool(tool: Tool, path: string, names: Renames): Fields {
  switch (tool.type) {
    case 'function': {
      const { name, description, parameters, strict } = tool.function
      return {
        type: 'function',
        name: names.write(name),
        ...(description && { description }),
        parameters: parameters ?? { type: 'object', properties: {} },
        // Absent means strict here, and not strict in Chat Completions.
        strict: strict ?? false,
      }
    }
    case 'custom': {
      const { name, description, format } = tool.custom
      return {
        type: 'custom',
        name: names.write(name),
        ...(description && { description }),
        ...(format && { format: format.type === 'grammar' ? { type: 'grammar', ...format.grammar } : format }),
      }
    }
    default:
      if (hosted.test(tool.type)) return { ...tool }
      throw unsupported(tool.type, path)
  }
}

function webSearch(options: NonNullable<ChatCompletionRequest['web_search_options']>): Fields {
  const { search_context_size, user_location } = options
  return {
    type: 'web_search',
    ...(search_context_size && { search_context_size }),
    ...(user_location && { user_location: { type: 'approximate', ...user_location.approximate } }),
  }
}

function writeChoice(choice: ToolChoice, names: Renames): string | Fields {
  if (typeof choice === 'string') return choice === 'any' ? 'required' : choice
  if (choice.type === 'function') return { type: 'function', name: names.write(choice.function.name) }
  if (choice.type === 'custom') return { type: 'custom', name: names.write(choice.custom.name) }
  const tools = choice.allowed_tools.tools.map((tool) => flat(tool, names))
  return { type: 'allowed_tools', mode: choice.allowed_tools.mode, tools }
}

function flat(tool: Fields, names: Renames): Fields {
  const inner = tool.type === 'custom' ? tool.custom : tool.function
  const name: unknown = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'name') : undefined
  return typeof name === 'string' ? { type: tool.type, name: names.write(name) } : tool
}
