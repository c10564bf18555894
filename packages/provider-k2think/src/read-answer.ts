import { chain, DragomanError, type Transform, transformed, untilStop } from '@dragoman/core'
import { ChunkNormalizer, type MarkupFormat } from '@dragoman/normalizer'
import { k2Think } from '@dragoman/normalizer/formats/k2-think'
import type { ChatCompletionChunk, ChatCompletionRequest, Delta, FunctionTool } from '@dragoman/openai-schema'
import { DetailsTags } from './details-tags.ts'
import { functionCalls } from './function-calls.ts'

type Chunk = ChatCompletionChunk

export interface ReadOptions {
  readonly hidesReasoning: boolean
}

/** Calls that the model drafts while it thinks are not meant. */
const format: MarkupFormat = { ...k2Think, ignoresCallsInReasoning: true }

/**
 * The service's chunks, whose text holds everything, as an answer: reasoning, content and calls apart.
 *
 * The text begins inside reasoning, for the template has written `<think>`; without a `</think>` all of it stays that.
 */
export function readAnswer(
  chunks: AsyncIterable<Chunk>,
  request: ChatCompletionRequest,
  { hidesReasoning }: ReadOptions,
): AsyncIterable<Chunk> {
  const usesFunctions = Boolean(request.functions?.length) && !request.tools?.length
  const read = chain([
    detailsTags(),
    new ChunkNormalizer<Chunk>({
      format,
      startsIn: 'reasoning',
      tools: declared(request),
      toolChoice: request.tool_choice,
    }),
    ...(hidesReasoning ? [withoutReasoning()] : []),
    ...(mustCall(request) ? [requiredCall()] : []),
    ...(usesFunctions ? [functionCalls()] : []),
  ])
  return untilStop(transformed(chunks, read), request)
}

function declared({ tools, functions }: ChatCompletionRequest): FunctionTool[] {
  const legacy = (functions ?? []).map((definition): FunctionTool => ({ type: 'function', function: definition }))
  return tools?.length ? tools.filter((tool) => tool.type === 'function') : legacy
}

function mustCall({ tools, functions, tool_choice, function_call }: ChatCompletionRequest): boolean {
  if (!tools?.length && !functions?.length) return false
  if (typeof tool_choice !== 'object' || tool_choice === null) {
    return tool_choice === 'required' || tool_choice === 'any' || typeof function_call === 'object'
  }
  return tool_choice.type !== 'allowed_tools' || tool_choice.allowed_tools.mode === 'required'
}

function detailsTags(): Transform {
  const tags = new DetailsTags()
  let last: Chunk | undefined
  const rest = (): Chunk[] => {
    const content = tags.end()
    return content !== '' && last ? [withDelta(last, { content })] : []
  }
  return {
    *push(chunk) {
      const choice = chunk.choices?.[0]
      const content = choice?.delta?.content
      if (!choice || typeof content !== 'string') {
        if (choice?.finish_reason) yield* rest()
        yield chunk
        return
      }
      last = chunk
      const text = tags.push(content) + (choice.finish_reason ? tags.end() : '')
      const saysMore = choice.delta.role || choice.finish_reason || chunk.usage
      if (text === content) yield chunk
      else if (text !== '' || saysMore)
        yield { ...chunk, choices: [{ ...choice, delta: { ...choice.delta, content: text } }] }
    },
    end: rest,
  }
}

/** For the names that end in `-nothink`. */
function withoutReasoning(): Transform {
  return {
    *push(chunk) {
      const choice = chunk.choices?.[0]
      if (choice?.delta?.reasoning_content === undefined) {
        yield chunk
        return
      }
      const { reasoning_content, ...delta } = choice.delta
      const saysMore = Object.keys(delta).length > 0 || choice.finish_reason || chunk.usage
      if (saysMore) yield { ...chunk, choices: [{ ...choice, delta }] }
    },
    end: () => [],
  }
}

/** The prompt asks for a call where one must be made, which a model may ignore: then this is not the answer. */
function requiredCall(): Transform {
  let hasCall = false
  return {
    push(chunk) {
      const choice = chunk.choices?.[0]
      if (choice?.delta?.tool_calls?.length) hasCall = true
      if (choice?.finish_reason === 'stop' && !hasCall) {
        const message = 'K2-Think answered without the tool call that the request demands'
        throw new DragomanError('upstream_protocol', message, { origin: 'upstream' })
      }
      return [chunk]
    },
    end: () => [],
  }
}

function withDelta({ id, object, created, model }: Chunk, delta: Delta): Chunk {
  return { id, object, created, model, choices: [{ index: 0, delta, finish_reason: null }] }
}
