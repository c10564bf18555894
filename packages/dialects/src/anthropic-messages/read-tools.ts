import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, FunctionTool } from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import type { CountRequest, ToolParam } from './request-schema.ts'

type ToolFields = Pick<ChatCompletionRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>

/** Hints of a tool that nobody else knows; deferred tools are offered like any other. */
const hints = ['defer_loading', 'eager_input_streaming', 'input_examples', 'allowed_callers'] as const

export function readTools({ tools, tool_choice: choice }: CountRequest, findings: Findings): ToolFields {
  const fields: ToolFields = {}
  const functions = (tools ?? []).flatMap((tool, i) => readTool(tool, `tools[${i}]`, findings) ?? [])
  if (functions.length > 0) fields.tools = functions
  if (!choice) return fields

  const isForced = choice.type === 'any' || choice.type === 'tool'
  if (choice.type === 'tool') {
    const name = choice.name ?? ''
    if (!tools?.some((tool) => tool.name === name)) {
      const message = `tool_choice.name: expected the name of a tool in tools; found ${JSON.stringify(name.slice(0, 80))}`
      throw new DragomanError('invalid_request', message, { param: 'tool_choice.name', publicCode: 'invalid_value' })
    }
    if (!functions.some((tool) => tool.function.name === name)) {
      findings.needsRelay('tool_choice', 'a hosted tool cannot be forced with this model')
      return fields
    }
    fields.tool_choice = { type: 'function', function: { name } }
  } else if (isForced && functions.length === 0 && tools?.length) {
    findings.needsRelay('tool_choice', 'a hosted tool cannot be forced with this model')
    return fields
  } else if (functions.length > 0) fields.tool_choice = choices[choice.type]
  if (choice.disable_parallel_tool_use && functions.length > 0) fields.parallel_tool_calls = false
  return fields
}

const choices = { auto: 'auto', any: 'required', none: 'none' } as const

function readTool(tool: ToolParam, path: string, findings: Findings): FunctionTool | undefined {
  if (!isCustom(tool)) {
    readTypedTool(String(tool.type), path, findings)
    return undefined
  }
  for (const hint of hints) if (tool[hint] !== undefined) findings.drop(`tools[].${hint}`)
  const { name, description, input_schema, strict, cache_control } = tool
  const definition: FunctionTool['function'] = { name, parameters: input_schema }
  if (typeof description === 'string') definition.description = description
  if (typeof strict === 'boolean') definition.strict = strict
  return cache_control
    ? { type: 'function', function: definition, cache_control }
    : { type: 'function', function: definition }
}

function readTypedTool(type: string, path: string, findings: Findings): void {
  // Only offered: the model does without it. Whether one is forced is looked at later.
  if (/^web_(search|fetch)/.test(type)) findings.drop(`${path}:${type}`)
  else findings.needsRelay(`${path}.type`, `${JSON.stringify(type)} is not supported by this model`)
}

function isCustom(tool: ToolParam): tool is Extract<ToolParam, { input_schema: unknown }> {
  return tool.type === undefined || tool.type === null || tool.type === 'custom'
}
