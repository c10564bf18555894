import type { Transform } from '@dragoman/core'
import { type MarkupFormat, promptTools, type ToolDefinition } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type Markup, MarkupReader } from '../markup.ts'
import { callsInAskedForm } from './prompted-tools-calls.ts'

/** The request with its tools, calls and results in the messages; the same object where it has none. */
export function withPromptedTools(request: ChatCompletionRequest): ChatCompletionRequest {
  return promptTools(request)
}

const callsAlone: MarkupFormat = { ...prompted, reasoning: [] }

/** Reads the calls out of an answer to a request whose tools were prompted. */
export class PromptedReader {
  readonly transforms: readonly Transform[]
  readonly #readers: readonly MarkupReader[]

  /**
   * @param request with its tools
   * @param markup what else the model is known to write, which is read first
   * @param readsReasoning whether `<think>` is looked for where nothing is known of the model
   */
  constructor(request: ChatCompletionRequest, markup: Markup | undefined, readsReasoning: boolean) {
    const format = readsReasoning && !markup ? prompted : callsAlone
    const calls = { format, startsIn: 'text', repairToolNames: undefined } as const
    const tools = definitions(request)
    const own = markup && new MarkupReader(markup, request, tools)
    // A request that offers none may still have had some before.
    const reader = tools.length > 0 ? new MarkupReader(calls, request, tools) : undefined
    this.#readers = [own, reader].filter((one) => one !== undefined)
    this.transforms = [...this.#readers, ...callsInAskedForm(request)]
  }

  get found() {
    return this.#readers.map(({ found }) => found).find((found) => found !== undefined)
  }
}

function definitions({ tools, functions }: ChatCompletionRequest): ToolDefinition[] {
  const given = (tools ?? []).flatMap((tool): ToolDefinition[] => {
    if (tool.type === 'function') return [{ type: 'function', function: tool.function }]
    // Free text is prompted as the argument `input`.
    return tool.type === 'custom' ? [{ type: 'function', function: { name: tool.custom.name } }] : []
  })
  return [...given, ...(functions ?? []).map((fn): ToolDefinition => ({ type: 'function', function: fn }))]
}
