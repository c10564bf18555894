import type { ChatCompletionRequest, Tool, ToolChoice } from '@dragoman/openai-schema'
import type { Renames } from '../renames.ts'
import { describeTextTool, textToolSchema } from '../text-tool.ts'
import { unsupported } from '../unsupported.ts'

type Fields = Record<string, unknown>

/** `tools` and `tool_choice` as they are sent; neither where there are no tools. */
export function writeTools(
  { tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatCompletionRequest,
  names: Renames,
): { readonly tools?: Fields[]; readonly tool_choice?: Fields } {
  if (!tools?.length) return {}
  // All of them, so that the names of the history find those of the tools.
  const all = tools.map((tool, i) => writeTool(tool, `tools[${i}]`, names))
  const allowed = typeof choice === 'object' && choice?.type === 'allowed_tools' ? choice.allowed_tools : undefined
  const written = allowed ? all.filter((_, i) => isAllowed(tools[i], allowed.tools)) : all
  const chosen = writeChoice(choice, names)
  if (parallel === false && chosen?.type !== 'none') {
    return { tools: written, tool_choice: { ...(chosen ?? { type: 'auto' }), disable_parallel_tool_use: true } }
  }
  return chosen ? { tools: written, tool_choice: chosen } : { tools: written }
}

function writeTool(tool: Tool, path: string, names: Renames): Fields {
  switch (tool.type) {
    case 'function': {
      const { name, description, parameters, strict } = tool.function
      return defined({
        name: names.write(name),
        description: description ?? undefined,
        input_schema: objectSchema(parameters),
        strict: strict ?? undefined,
        cache_control: tool.cache_control ?? undefined,
      })
    }
    case 'custom': {
      const { name, description, format } = tool.custom
      return defined({
        name: names.write(name),
        description: describeTextTool(description, format?.type === 'grammar' ? format.grammar : undefined),
        input_schema: textToolSchema,
        cache_control: tool.cache_control ?? undefined,
      })
    }
    default: {
      const type: string = (tool as { type: string }).type
      // Anthropic's own tools are named with a date: `bash_20250124`.
      if (/_\d{8}$/.test(type)) return { ...(tool as object) }
      throw unsupported(type, path)
    }
  }
}

/** The type has to be there, also where there are no arguments. */
function objectSchema(parameters: Fields | null | undefined): Fields {
  if (!parameters) return { type: 'object', properties: {} }
  return parameters.type === undefined ? { type: 'object', ...parameters } : parameters
}

function writeChoice(choice: ToolChoice | null | undefined, names: Renames): Fields | undefined {
  switch (choice) {
    case undefined:
    case null:
      return undefined
    case 'auto':
    case 'none':
      return { type: choice }
    case 'required':
    case 'any':
      return { type: 'any' }
    default:
      if (choice.type === 'allowed_tools') {
        return { type: choice.allowed_tools.mode === 'required' ? 'any' : 'auto' }
      }
      return { type: 'tool', name: names.write(choice.type === 'function' ? choice.function.name : choice.custom.name) }
  }
}

function isAllowed(tool: Tool | undefined, allowed: readonly Fields[]): boolean {
  const name = nameOf(tool)
  return name !== undefined && allowed.some((choice) => nameOf(choice) === name)
}

function nameOf(tool: unknown): string | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined
  const inner: unknown = Reflect.get(tool, 'function') ?? Reflect.get(tool, 'custom') ?? tool
  const name: unknown = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'name') : undefined
  return typeof name === 'string' ? name : undefined
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
