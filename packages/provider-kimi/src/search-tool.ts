import type { ChatCompletionRequest, Tool } from '@dragoman/openai-schema'

/** A tool that a service runs by itself, as other services call it. */
export function isSearch({ type }: Tool): boolean {
  return type === 'web_search' || type === 'web_search_preview'
}

/** Whether the request asks for a search that its client does not run. */
export function wantsSearch({ web_search_options, tools }: ChatCompletionRequest): boolean {
  return Boolean(web_search_options) || (tools ?? []).some(isSearch)
}
