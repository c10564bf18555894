import type { MessageContent } from './content.ts'
import { messageContent } from './content.ts'
import { anything, boolean, list, literal, object, string, variants } from './fields.ts'
import type { ReasoningDetail } from './reasoning.ts'
import { reasoningDetail } from './reasoning.ts'
import { schemaFor } from './schema-for.ts'
import type { FunctionCallParam, ToolCallParam } from './tools.ts'
import { functionCallParam, toolCallParam } from './tools.ts'

/** A message of the conversation a client sends, told apart by `role`. */
export type ChatMessage =
  | DeveloperMessage
  | SystemMessage
  | UserMessage
  | AssistantMessage
  | ToolMessage
  | FunctionMessage

/** Instructions of the application; the newer name of `system`, which most services still want. */
export interface DeveloperMessage {
  role: 'developer'
  content: MessageContent
  name?: string | null | undefined
  cache_control?: unknown
}

export interface SystemMessage {
  role: 'system'
  content: MessageContent
  name?: string | null | undefined
  cache_control?: unknown
}

export interface UserMessage {
  role: 'user'
  content: MessageContent
  name?: string | null | undefined
  cache_control?: unknown
}

/** An earlier answer of the model, as the client remembers it. */
export interface AssistantMessage {
  role: 'assistant'
  /** Often absent, null or empty beside tool calls. */
  content?: MessageContent | null | undefined
  name?: string | null | undefined
  refusal?: string | null | undefined
  tool_calls?: ToolCallParam[] | null | undefined
  /** Legacy form of `tool_calls`. */
  function_call?: FunctionCallParam | null | undefined
  /** An earlier spoken answer, by its id. */
  audio?: { id: string } | null | undefined
  annotations?: unknown
  /**
   * The model's reasoning, kept byte-exact. Kimi-like services refuse a turn with tool calls that comes back without
   * it, others refuse one that has it.
   */
  reasoning_content?: string | null | undefined
  /** The name OpenRouter, vLLM and Ollama use for `reasoning_content`. */
  reasoning?: string | null | undefined
  reasoning_details?: ReasoningDetail[] | null | undefined
  /** A third name for the reasoning, of no fixed form. */
  thinking?: unknown
  /** Asks the model to continue this message (Moonshot, Qwen). */
  partial?: boolean | null | undefined
  /** The same for Mistral and DeepSeek. */
  prefix?: boolean | null | undefined
  extra_content?: unknown
  cache_control?: unknown
}

/** The result of a tool call. */
export interface ToolMessage {
  role: 'tool'
  /** The id of the call it answers. */
  tool_call_id: string
  content: MessageContent
  name?: string | null | undefined
  cache_control?: unknown
}

/** The result of a legacy function call. */
export interface FunctionMessage {
  role: 'function'
  name: string
  content: string | null
}

const spoken = { content: messageContent, name: string.nullish(), cache_control: anything }

export const chatMessage = schemaFor<ChatMessage>()(
  variants('role', [
    object({ role: literal('developer'), ...spoken }),
    object({ role: literal('system'), ...spoken }),
    object({ role: literal('user'), ...spoken }),
    object({
      role: literal('assistant'),
      content: messageContent.nullish(),
      name: string.nullish(),
      refusal: string.nullish(),
      tool_calls: list(toolCallParam, 'tool calls').nullish(),
      function_call: functionCallParam.nullish(),
      audio: object({ id: string }).nullish(),
      annotations: anything,
      reasoning_content: string.nullish(),
      reasoning: string.nullish(),
      reasoning_details: list(reasoningDetail, 'reasoning details').nullish(),
      thinking: anything,
      partial: boolean.nullish(),
      prefix: boolean.nullish(),
      extra_content: anything,
      cache_control: anything,
    }),
    object({ role: literal('tool'), tool_call_id: string, ...spoken }),
    object({ role: literal('function'), name: string, content: string.nullable() }),
  ]),
)
