import { PartNormalizer } from './ai-sdk-parts.ts'
import { promptedParams } from './ai-sdk-prompt.ts'
import type { CallParams, Content, Middleware, StreamPart } from './ai-sdk-types.ts'
import type { MarkupParserOptions } from './markup-machine.ts'
import { type PlainOptions, parserOptions } from './plain-options.ts'
import type { ToolDefinition } from './tool.ts'

export interface MarkupMiddlewareOptions extends Omit<PlainOptions, 'tools' | 'toolChoice'> {
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
  const newParts = (params: CallParams, emit: Emit) =>
    new PartNormalizer(optionsFor(options, original.get(params) ?? params), emit)
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
      const { content, finishReason } = normalContent((emit) => newParts(params, emit), result)
      if (result.structuredOutputText === undefined) return { ...result, content, finishReason }
      const selected: Content[] = [{ type: 'text', text: result.structuredOutputText }]
      const { content: structured } = normalContent((emit) => newParts(params, emit), {
        ...result,
        content: selected,
      })
      const structuredOutputText = structured.map((part) => (part.type === 'text' ? part.text : '')).join('')
      return { ...result, content, finishReason, structuredOutputText }
    },
    async wrapStream({ doStream, params }) {
      const { stream, ...rest } = await doStream()
      return { stream: normalStream(stream, (emit) => newParts(params, emit)), ...rest }
    },
  }
}

type Emit = (part: StreamPart) => void

/**
 * The parts of a stream as they are asked for. A `TransformStream` would cost more for a part of plain text than to read
 * it, and would lose what was held where the stream breaks.
 */
function normalStream(stream: ReadableStream<StreamPart>, newParts: (emit: Emit) => PartNormalizer) {
  const reader = stream.getReader()
  let parts: PartNormalizer
  let hasEmitted = false
  let failure: { readonly error: unknown } | undefined
  return new ReadableStream<StreamPart>(
    {
      start(controller) {
        parts = newParts((part) => {
          hasEmitted = true
          controller.enqueue(part)
        })
      },
      async pull(controller) {
        if (failure) throw failure.error
        hasEmitted = false
        try {
          // It is not asked again before there was something.
          while (!hasEmitted) {
            const { done, value } = await reader.read()
            if (!done) {
              parts.push(value)
              continue
            }
            parts.end()
            controller.close()
            return
          }
        } catch (error) {
          parts.end()
          // An error discards what waits to be read.
          if (!hasEmitted) throw error
          failure = { error }
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

type Generated = Awaited<ReturnType<Parameters<NonNullable<Middleware['wrapGenerate']>>[0]['doGenerate']>>

/** Runs whole content through the machine of the stream. */
function normalContent(
  newParts: (emit: Emit) => PartNormalizer,
  { content, finishReason, usage }: Generated,
): Pick<Generated, 'content' | 'finishReason'> {
  const collector = new ContentCollector()
  let reason = finishReason
  const parts = newParts((part) => {
    if (part.type === 'finish') reason = part.finishReason
    else collector.add(part)
  })
  for (const [i, part] of content.entries()) {
    if (part.type !== 'text') {
      parts.push(part as StreamPart)
      continue
    }
    const id = `text-${i}`
    const { text, providerMetadata, citations } = part
    parts.push({ type: 'text-start', id, ...(providerMetadata && { providerMetadata }) })
    parts.push({ type: 'text-delta', id, delta: text })
    parts.push({ type: 'text-end', id, ...(citations && { citations }) })
  }
  parts.push({ type: 'finish', finishReason, usage })
  return { content: collector.content, finishReason: reason }
}

/** Joins the parts of a stream to content. */
class ContentCollector {
  readonly content: Content[] = []
  readonly #blocks = new Map<string, Extract<Content, { type: 'text' | 'reasoning' }>>()

  add(part: StreamPart | Content): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const { providerMetadata } = part
        const type = part.type === 'text-start' ? 'text' : 'reasoning'
        const block: Extract<Content, { type: 'text' | 'reasoning' }> = { type, text: '' }
        if (providerMetadata) block.providerMetadata = providerMetadata
        this.#blocks.set(part.id, block)
        this.content.push(block)
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
        this.content.push(part as Content) // a part of content went in, and nothing else is made
    }
  }
}

/** The tools and the choice of a call, in the form of the chat API. */
function optionsFor(options: MarkupMiddlewareOptions, { tools = [], toolChoice }: CallParams): MarkupParserOptions {
  const declared: ToolDefinition[] = []
  for (const tool of tools) {
    if (tool.type !== 'function') continue
    const { name, inputSchema } = tool
    declared.push({ type: 'function', function: { name, parameters: inputSchema } })
  }
  return parserOptions({ ...options, tools: declared, toolChoice: toolChoice?.type === 'none' ? 'none' : undefined })
}
