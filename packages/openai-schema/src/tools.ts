import { z } from 'zod'
import {
  anything,
  boolean,
  choice,
  dictionary,
  either,
  list,
  literal,
  object,
  openVariants,
  string,
  unread,
  variants,
} from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/** A tool the model may call. */
export type Tool = FunctionTool | CustomTool | ForeignTool

export interface FunctionTool {
  type: 'function'
  function: FunctionDefinition
  cache_control?: unknown
}

export interface FunctionDefinition {
  name: string
  description?: string | null | undefined
  /** JSON Schema of the arguments object; absent for a function without arguments. */
  parameters?: Record<string, unknown> | null | undefined
  /** Whether the arguments must follow the schema exactly. */
  strict?: boolean | null | undefined
}

/** A tool that takes free text instead of JSON arguments. */
export interface CustomTool {
  type: 'custom'
  custom: {
    name: string
    description?: string | null | undefined
    format?: CustomToolFormat | null | undefined
  }
  cache_control?: unknown
}

export type CustomToolFormat =
  | { type: 'text' }
  | { type: 'grammar'; grammar: { definition: string; syntax: Open<'lark' | 'regex'> } }

/**
 * A tool that a service runs by itself, such as a web search.
 *
 * `type` names the ones seen in the wild, so that the other tools can be told apart by it. At run time it may be any
 * other string, and fields that are not named here may be present.
 */
export interface ForeignTool {
  type: 'builtin_function' | 'web_search' | 'web_search_preview' | 'retrieval' | 'mcp' | 'code_interpreter'
  function?: unknown
  web_search?: unknown
  retrieval?: unknown
  mcp?: unknown
}

/** Whether and which tool the model must call. `any` is Mistral's word for `required`. */
export type ToolChoice = 'none' | 'auto' | 'required' | 'any' | NamedFunctionChoice | NamedCustomChoice | AllowedTools

export interface NamedFunctionChoice {
  type: 'function'
  function: { name: string }
}

export interface NamedCustomChoice {
  type: 'custom'
  custom: { name: string }
}

/** Narrows the offer to some of the request's tools. */
export interface AllowedTools {
  type: 'allowed_tools'
  allowed_tools: {
    mode: Open<'auto' | 'required'>
    /** Each like a named choice: `{ type: 'function', function: { name } }`. */
    tools: Record<string, unknown>[]
  }
}

/** A call the model made. */
export type ToolCall = FunctionToolCall | CustomToolCall

export interface FunctionToolCall {
  id: string
  type: 'function'
  function: {
    name: string
    /** JSON as the model wrote it, not always valid. */
    arguments: string
  }
  /** Gemini's thought signature travels here: `extra_content.google.thought_signature`. */
  extra_content?: unknown
}

export interface CustomToolCall {
  id: string
  type: 'custom'
  custom: { name: string; input: string }
  extra_content?: unknown
}

/** A call in the history a client sends. Some clients send the arguments as an object instead of its JSON. */
export type ToolCallParam = FunctionToolCallParam | CustomToolCall | ForeignToolCall

/**
 * A call of a tool of another kind, such as one that is built into a service. At run time `type` may be any other
 * string, and fields that are not named here may be present.
 */
export interface ForeignToolCall {
  type: 'builtin_function'
  id?: string | undefined
  function?: unknown
}

export interface FunctionToolCallParam extends Omit<FunctionToolCall, 'function'> {
  function: FunctionCallParam
}

export interface FunctionCallParam {
  name: string
  arguments: string | Record<string, unknown>
}

/** The legacy form of a call: one per message, without an id. */
export interface FunctionCall {
  name: string
  arguments: string
}

/** The legacy form of {@link FunctionTool}. */
export interface LegacyFunction {
  name: string
  description?: string | null | undefined
  parameters?: Record<string, unknown> | null | undefined
}

/** The legacy form of {@link ToolChoice}. */
export type LegacyFunctionChoice = 'none' | 'auto' | { name: string }

const named = object({ name: string })

const definition = { name: string, description: string.nullish(), parameters: dictionary(z.unknown()).nullish() }

const customFormat = variants('type', [
  object({ type: literal('text') }),
  object({ type: literal('grammar'), grammar: object({ definition: string, syntax: string }) }),
])

export const tool = schemaFor<Tool>()(
  openVariants(
    'a tool (an object with a type)',
    [
      object({
        type: literal('function'),
        function: object({ ...definition, strict: boolean.nullish() }),
        cache_control: anything,
      }),
      object({
        type: literal('custom'),
        custom: object({ name: string, description: string.nullish(), format: customFormat.nullish() }),
        cache_control: anything,
      }),
    ],
    unread<ForeignTool>(),
  ),
)

export const toolChoice = schemaFor<ToolChoice>()(
  either(
    'none, auto, required, or an object that names a tool',
    choice(['none', 'auto', 'required', 'any']),
    variants('type', [
      object({ type: literal('function'), function: named }),
      object({ type: literal('custom'), custom: named }),
      object({
        type: literal('allowed_tools'),
        allowed_tools: object({ mode: string, tools: list(dictionary(z.unknown()), 'tools') }),
      }),
    ]),
  ),
)

const customCall = object({
  id: string,
  type: literal('custom'),
  custom: object({ name: string, input: string }),
  extra_content: anything,
})

export const functionCall = schemaFor<FunctionCall>()(object({ name: string, arguments: string }))

export const toolCall = schemaFor<ToolCall>()(
  variants('type', [
    object({
      id: string,
      type: literal('function'),
      function: object({ name: string, arguments: string }),
      extra_content: anything,
    }),
    customCall,
  ]),
)

export const functionCallParam = schemaFor<FunctionCallParam>()(
  object({
    name: string,
    arguments: either('a string of JSON, or an object', string, dictionary(z.unknown())),
  }),
)

export const toolCallParam = schemaFor<ToolCallParam>()(
  openVariants(
    'a tool call: an object with a type',
    [
      object({ id: string, type: literal('function'), function: functionCallParam, extra_content: anything }),
      customCall,
    ],
    unread<ForeignToolCall>(),
  ),
)

export const legacyFunction = schemaFor<LegacyFunction>()(object(definition))

export const legacyFunctionChoice = schemaFor<LegacyFunctionChoice>()(
  either('none, auto, or an object with the name of a function', choice(['none', 'auto']), named),
)
