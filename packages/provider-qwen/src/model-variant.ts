import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { isSearch } from './search-tool.ts'

const endings = ['-thinking', '-search'] as const

/** Commercial models that think when they are told to, by the beginnings of their names. */
const hybrid = /^qwen[\d.]*-(max|plus|flash|turbo)(?=-|$)/

/** Names that are served whatever the list says: a region that lacks one of them answers 404. */
const founding = ['qwen-max', 'qwen-plus', 'qwen-turbo', 'qwen-long']

/** Whether `-thinking` at the end belongs to a model's own name: open weights have their size in theirs. */
export function isOwnName(model: string): boolean {
  return !model.startsWith('qw') || /-\d+(\.\d+)?b(-|$)/.test(model)
}

/**
 * A request as DashScope takes it: the endings `-thinking` and `-search` of a model's name, `reasoning_effort`,
 * `web_search_options` and tools of the type `web_search` become `enable_thinking` and `enable_search`. What the client
 * says in those words itself counts. The same object where nothing has to change.
 */
export function encodeVariant(request: ChatCompletionRequest): ChatCompletionRequest {
  const { model, asked } = readEndings(request.model)
  const { web_search_options, reasoning_effort, ...rest } = request
  const mapsEffort = typeof reasoning_effort === 'string' && hybrid.test(model)
  const searches = Boolean(web_search_options) || (request.tools ?? []).some(isSearch)
  if (asked.size === 0 && !mapsEffort && !searches) return request

  const byEffort = mapsEffort ? reasoning_effort !== 'none' && mayThink(request) : undefined
  const enable_thinking = request.enable_thinking ?? (asked.has('-thinking') || byEffort)
  const encoded: ChatCompletionRequest & { enable_search?: boolean } = { ...withoutSearch(rest), model }
  if (!mapsEffort && reasoning_effort !== undefined) encoded.reasoning_effort = reasoning_effort
  if (enable_thinking !== undefined) encoded.enable_thinking = enable_thinking
  if (asked.has('-search') || searches) encoded.enable_search = true
  return encoded
}

/** Models with the names under which their thinking and their search are asked for, and the founding names. */
export function withVariants(listed: readonly string[]): string[] {
  const ids = new Set(listed)
  for (const id of [...listed, ...founding]) {
    if (!founding.includes(id) && (isOwnName(id) || !hybrid.test(id))) continue
    for (const ending of ['', '-thinking', '-search', '-thinking-search']) ids.add(id + ending)
  }
  return [...ids]
}

function readEndings(name: string): { readonly model: string; readonly asked: ReadonlySet<string> } {
  const asked = new Set<string>()
  let model = name
  while (!isOwnName(model)) {
    const ending = endings.find((each) => model.endsWith(each))
    if (!ending) break
    asked.add(ending)
    model = model.slice(0, -ending.length)
  }
  return { model, asked }
}

/** There it is no tool. A choice among none is a 400. */
function withoutSearch(request: ChatCompletionRequest): ChatCompletionRequest {
  const { tools, ...rest } = request
  if (!tools?.some(isSearch)) return request
  const kept = tools.filter((tool) => !isSearch(tool))
  if (kept.length > 0) return { ...rest, tools: kept }
  const { tool_choice, parallel_tool_calls, ...bare } = rest
  return bare
}

/** DashScope answers 400 to thinking beside a forced call or JSON: an effort is a hint and not worth that. */
function mayThink({ tool_choice, response_format }: ChatCompletionRequest): boolean {
  const isForced =
    typeof tool_choice === 'object' ? tool_choice !== null : ['required', 'any'].includes(tool_choice ?? '')
  return !isForced && (response_format?.type ?? 'text') === 'text'
}
