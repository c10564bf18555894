import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import { wish } from './encode-request.ts'
import { modelEntry } from './model-names.ts'

/** The switches that a question is put with. */
export interface Switches {
  readonly reasonEnabled: 0 | 1
  readonly searchEnabled: 0 | 1
}

/** The site takes no id of a model: a name says how the switches are set. */
const models: ReadonlyMap<string, Switches> = new Map([
  ['LongCat-Flash', { reasonEnabled: 0, searchEnabled: 0 }],
  ['LongCat', { reasonEnabled: 0, searchEnabled: 0 }],
  ['LongCat-Search', { reasonEnabled: 0, searchEnabled: 1 }],
  ['LongCat-Thinking', { reasonEnabled: 1, searchEnabled: 0 }],
  ['LongCat-Thinking-Search', { reasonEnabled: 1, searchEnabled: 1 }],
])

const byLowerCase: ReadonlyMap<string, Switches> = new Map(
  [...models].map(([name, switches]) => [name.toLowerCase(), switches]),
)

export function webModels(): readonly Model[] {
  return [...models.keys()].map((name) => modelEntry(name))
}

/** What the name and the request ask for. Throws `model_not_found`: the site would answer to any name. */
export function switchesOf(request: ChatCompletionRequest): Switches {
  const named = byLowerCase.get(request.model.toLowerCase())
  if (!named) {
    const known = [...models.keys()].join(', ')
    throw new DragomanError('model_not_found', `There is no model ${request.model}, only ${known}`, { param: 'model' })
  }
  const reasons = wish(request)
  return {
    reasonEnabled: reasons === undefined ? named.reasonEnabled : reasons ? 1 : 0,
    searchEnabled: wantsSearch(request) ? 1 : named.searchEnabled,
  }
}

function wantsSearch({ web_search_options, tools }: ChatCompletionRequest): boolean {
  return Boolean(web_search_options) || (tools ?? []).some(isSearch)
}

/** A tool that the site runs by itself. */
export function isSearch({ type }: { readonly type: string }): boolean {
  return type === 'web_search' || type === 'web_search_preview'
}
