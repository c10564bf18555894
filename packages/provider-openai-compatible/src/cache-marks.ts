import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { FieldPath } from './drop-fields.ts'
import type { Settings } from './options.ts'

/**
 * Marks on what a service is to keep of a prompt: Anthropic's, which Claude Code sends with every request, and OpenAI's.
 * They are hints, and a service that knows neither may refuse a request for them.
 */
export const cacheMarks = ['cache_control', 'prompt_cache_breakpoint'] as const

export type CacheMark = (typeof cacheMarks)[number]

const places: Readonly<Record<CacheMark, readonly FieldPath[]>> = {
  cache_control: [
    'cache_control',
    'messages[].cache_control',
    'messages[].content[].cache_control',
    'tools[].cache_control',
  ],
  prompt_cache_breakpoint: ['messages[].content[].prompt_cache_breakpoint'],
}

/** Where the marks stand that are not among `taken`. */
export function otherMarks(taken: readonly CacheMark[]): FieldPath[] {
  return cacheMarks.flatMap((mark) => (taken.includes(mark) ? [] : places[mark]))
}

/** What of this request the service refuses. Nearly no request has marks, so they are not looked for one by one. */
export function refusedFields(
  request: ChatCompletionRequest,
  { dropFields, refusedMarks }: Pick<Settings, 'dropFields' | 'refusedMarks'>,
): readonly FieldPath[] {
  return refusedMarks.length > 0 && isMarked(request) ? [...dropFields, ...refusedMarks] : dropFields
}

function isMarked({ cache_control, messages, tools }: ChatCompletionRequest): boolean {
  if (cache_control !== undefined) return true
  for (const message of messages) {
    if ('cache_control' in message) return true
    if (!Array.isArray(message.content)) continue
    for (const part of message.content) if ('cache_control' in part || 'prompt_cache_breakpoint' in part) return true
  }
  return tools?.some((tool) => 'cache_control' in tool) ?? false
}
