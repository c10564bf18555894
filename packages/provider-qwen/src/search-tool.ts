import type { Tool } from '@dragoman/openai-schema'

/** A tool that the service runs by itself. */
export function isSearch({ type }: Tool): boolean {
  return type === 'web_search' || type === 'web_search_preview'
}
