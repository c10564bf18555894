import { PartNormalizer } from './ai-sdk-parts.ts'
import { promptedParams } from './ai-sdk-prompt.ts'
import type { CallParams, Content, Middleware, StreamPart } from './ai-sdk-types.ts'
import type { MarkupParserOptions } from './markup-machine.ts'
import type { ToolDefinition } from './tool.ts'

export interface MarkupMiddlewareOptions extends Omit<MarkupParserOptions, 'tools' | 'toolChoice'> {
  /**
   * Writes the tools into the prompt, for a model or a service that takes none. Default: only for the format `prompted`,
   * in which such a model is asked to answer.
   */
  readonly promptTools?: boolean | undefined
}

/**
 * A middleware for `wrapLanguageModel` of the AI SDK (`ai` 7 and later): text parts of the model become reasoning, tool
 * calls and text, generated and streamed alike.
 *
 * Tools come from each call. Calls that the provider gives as such pass and win over those in the text.
 */
export function markupMiddleware(options: MarkupMiddlewareOptions): Middleware {
  const promptsTools = options.promptTools ?? options.format.name === 'prompted'
  // The tools of calls whose parameters have them in the prompt instead.
  const original = new WeakMap<CallParams, CallParams>()
  const newParts = (params: CallParams) => new PartNormalizer(parserOptions(options, original.get(params) ?? params))
  return {
    specificationVersion: 'v4',
    async transformParams({ params }) {
      if (!promptsTools) return params
      const prompted = promptedParams(params)
      original.set(prompted, params)
      return prompted
    },
    async wrapGenerate({ doGenerate, params }) {
      const result = await doGenerate()
      const { content, finishReason } = normalContent(newParts(params), result)
      if (result.structuredOutputText === undefined) return { ...result, content, finishReason }
      const selected: Content[] = [{ type: 'text', text: result.structuredOutputText }]
      const { content: structured } = normalContent(newParts(params), { ...result, content: selected })
      const structuredOutputText = structured.map((part) => (part.type === 'text' ? part.text : '')).join('')
      return { ...result, content, finishReason, structuredOutputText }
    },
    async wrapStream({ doStream, params }) {
      const { stream, ...rest } = await doStream()
      const parts = newParts(params)
      const normalized = stream.pipeThrough(
        new TransformStream<StreamPart, StreamPart>({
          transform(part, controller) {
            for (const normal of parts.push(part)) controller.enqueue(normal)
          },
          flush(controller) {
            for (const normal of parts.end()) controller.enqueue(normal)
          },
        }),
      )
      return { stream: normalized, ...rest }
    },
  }
}

type Generated = Awaited<ReturnType<Parameters<NonNullable<Middleware['wrapGenerate']>>[0]['doGenerate']>>

/** Runs whole content through the machine of the stream. */
function normalContent(
  parts: PartNormalizer,
  { content, finishReason, usage }: Generated,
): Pick<Generated, 'content' | 'finishReason'> {
  const normal: Content[] = []
  const collector = new ContentCollector(normal)
  for (const [i, part] of content.entries()) {
    if (part.type !== 'text') {
      for (const out of parts.push(part as StreamPart)) collector.add(out)
      continue
    }
    const id = `text-${i}`
    const { text, providerMetadata } = part
    const metadata = providerMetadata ? { providerMetadata } : {}
    const whole: StreamPart[] = [
      { type: 'text-start', id, ...metadata },
      { type: 'text-delta', id, delta: text },
      { type: 'text-end', id, ...(part.citations ? { citations: part.citations } : {}) },
    ]
    for (const piece of whole) for (const out of parts.push(piece)) collector.add(out)
  }
  let reason = finishReason
  for (const out of parts.push({ type: 'finish', finishReason, usage })) {
    if (out.type === 'finish') reason = out.finishReason
    else collector.add(out)
  }
  return { content: normal, finishReason: reason }
}

/** Joins the parts of a stream to content. */
class ContentCollector {
  readonly #content: Content[]
  readonly #blocks = new Map<string, Extract<Content, { type: 'text' | 'reasoning' }>>()

  constructor(content: Content[]) {
    this.#content = content
  }

  add(part: StreamPart | Content): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const { providerMetadata } = part
        const type = part.type === 'text-start' ? 'text' : 'reasoning'
        const block: Extract<Content, { type: 'text' | 'reasoning' }> = { type, text: '' }
        if (providerMetadata) block.providerMetadata = providerMetadata
        this.#blocks.set(part.id, block)
        this.#content.push(block)
        break
      }
      case 'text-delta':
      case 'reasoning-delta': {
        const block = this.#blocks.get(part.id)
        if (block) block.text += part.delta
        break
      }
      case 'text-end': {
        const block = this.#blocks.get(part.id)
        if (block?.type === 'text' && part.citations) block.citations = part.citations
        break
      }
      case 'reasoning-end':
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
        break
      default:
        this.#content.push(part as Content) // a part of content went in, and nothing else is made
    }
  }
}

/** The tools and the choice of a call, in the form of the chat API. */
function parserOptions(options: MarkupMiddlewareOptions, { tools = [], toolChoice }: CallParams): MarkupParserOptions {
  const declared: ToolDefinition[] = []
  for (const tool of tools) {
    if (tool.type !== 'function') continue
    const { name, inputSchema } = tool
    declared.push({ type: 'function', function: { name, parameters: inputSchema } })
  }
  return { ...options, tools: declared, toolChoice: toolChoice?.type === 'none' ? 'none' : undefined }
}
