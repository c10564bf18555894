import type { ChatCompletionRequest, CustomToolFormat } from '@dragoman/openai-schema'

/** The tools of a request in one form, whether it has `tools` or the older `functions`. */
export interface Offer {
  readonly tools: readonly OfferedTool[]
  readonly mode: 'none' | 'auto' | 'required'
  readonly isParallel: boolean
}

export interface OfferedTool {
  readonly kind: 'function' | 'custom' | 'legacy'
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments; of custom tools there is none. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly format?: CustomToolFormat | undefined
}

/** A choice that names tools leaves only those in the offer. */
export function readOffer(request: ChatCompletionRequest): Offer {
  const tools = declaredTools(request)
  if (tools.length === 0) return { tools, mode: 'none', isParallel: false }
  if (tools[0]?.kind === 'legacy') {
    const choice = request.function_call ?? 'auto'
    if (typeof choice === 'string') return { tools, mode: choice, isParallel: false }
    return { tools: tools.filter(({ name }) => name === choice.name), mode: 'required', isParallel: false }
  }

  const isParallel = request.parallel_tool_calls !== false
  const choice = request.tool_choice ?? 'auto'
  if (choice === 'none' || choice === 'auto') return { tools, mode: choice, isParallel }
  if (typeof choice === 'string') return { tools, mode: 'required', isParallel }
  if (choice.type === 'allowed_tools') {
    const names = new Set(choice.allowed_tools.tools.map(nameOfReference))
    const mode = choice.allowed_tools.mode === 'required' ? 'required' : 'auto'
    return { tools: tools.filter(({ name }) => names.has(name)), mode, isParallel }
  }
  const wanted = choice.type === 'custom' ? choice.custom.name : choice.function.name
  return { tools: tools.filter(({ name }) => name === wanted), mode: 'required', isParallel: false }
}

function declaredTools({ tools, functions }: ChatCompletionRequest): OfferedTool[] {
  if (!tools?.length) {
    return (functions ?? []).map(({ name, description, parameters }) => ({
      kind: 'legacy',
      name,
      description: description ?? '',
      parameters: parameters ?? {},
    }))
  }
  // A service's own tools, such as a web search, are none of ours.
  return tools.flatMap((tool): OfferedTool[] => {
    if (tool.type === 'function') {
      const { name, description, parameters } = tool.function
      return [{ kind: 'function', name, description: description ?? '', parameters: parameters ?? {} }]
    }
    if (tool.type !== 'custom') return []
    const { name, description, format } = tool.custom
    return [{ kind: 'custom', name, description: description ?? '', parameters: {}, format: format ?? undefined }]
  })
}

function nameOfReference(reference: Readonly<Record<string, unknown>>): unknown {
  for (const inner of [reference.function, reference.custom]) {
    if (typeof inner === 'object' && inner !== null && 'name' in inner) return inner.name
  }
  return reference.name
}
