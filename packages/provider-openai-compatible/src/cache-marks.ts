import type { FieldPath } from './drop-fields.ts'

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
