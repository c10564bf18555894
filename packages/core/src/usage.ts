import type { ChatCompletionRequest, ChatMessage, Usage } from '@dragoman/openai-schema'
import { isRecord } from './is-record.ts'

/** How many bytes `text` has as UTF-8, without encoding it. Half of a surrogate pair, as chunks may have, counts two. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // Two units of a surrogate pair make four bytes: two each.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/**
 * The usage of an upstream in our words, or undefined when it says nothing (absent, or all zero).
 *
 * Cache writes are read under the names that services use for them, and a missing total is added up. Tokens that only
 * the total counts are put where they belong: Gemini and xAI count thoughts beside the completion, others count what
 * the cache held beside the prompt. Unknown fields stay.
 */
export function readUsage(reported: Usage | null | undefined): Usage | undefined {
  if (!reported || typeof reported !== 'object') return undefined
  const prompt = count(reported.prompt_tokens)
  const completion = count(reported.completion_tokens)
  const total = count(reported.total_tokens)
  if (prompt + completion + total === 0) return undefined

  const usage: Usage = {
    ...reported,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total || prompt + completion,
  }
  const details: Record<string, unknown> = { ...reported.prompt_tokens_details }
  const written = details.cache_write_tokens ?? details.cache_creation_tokens ?? details.cache_creation_input_tokens
  if (typeof written === 'number' && details.cache_write_tokens === undefined) {
    usage.prompt_tokens_details = { ...reported.prompt_tokens_details, cache_write_tokens: written }
  }
  if (total > prompt + completion && prompt > 0) placeBeside(usage, total - prompt - completion)
  return usage
}

/** @param beside what a total has beyond the prompt and the completion */
function placeBeside(usage: Usage, beside: number): void {
  const { cached_tokens, cache_write_tokens } = usage.prompt_tokens_details ?? {}
  const reasoning = count(usage.completion_tokens_details?.reasoning_tokens)
  if (beside === count(cached_tokens) + count(cache_write_tokens)) usage.prompt_tokens += beside
  else if (beside === reasoning) usage.completion_tokens += beside
  else if (reasoning === 0) {
    usage.completion_tokens += beside
    usage.completion_tokens_details = { ...usage.completion_tokens_details, reasoning_tokens: beside }
  }
}

/**
 * What two calls for one answer used together. An estimate makes the sum one; what services charged is only told where
 * both tell it.
 */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Usage = {
    ...a,
    ...b,
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  }
  for (const details of ['prompt_tokens_details', 'completion_tokens_details'] as const) {
    if (a[details] && b[details]) sum[details] = addNumbers(a[details], b[details])
  }
  if (a.estimated || b.estimated) sum.estimated = true
  for (const field of charges) {
    const [one, other]: unknown[] = [Reflect.get(a, field), Reflect.get(b, field)]
    if (typeof one === 'number' && typeof other === 'number') Reflect.set(sum, field, one + other)
    else if (isRecord(one) && isRecord(other)) Reflect.set(sum, field, addNumbers(one, other))
    else Reflect.deleteProperty(sum, field)
  }
  return sum
}

/** What services say that they charged, each in a field of its own. */
const charges = ['cost', 'cost_details', 'cost_in_usd_ticks', 'estimated_cost'] as const

function addNumbers<T extends object>(a: T, b: T): T {
  const sum: T = { ...a, ...b }
  for (const [name, value] of Object.entries(a)) {
    const other: unknown = Object.entries(b).find(([field]) => field === name)?.[1]
    if (typeof value === 'number' && typeof other === 'number') Object.assign(sum, { [name]: value + other })
  }
  return sum
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

/** A usage for an upstream that reported none, marked as such: a token is taken to be four bytes. */
export function estimateUsage(request: ChatCompletionRequest, completionBytes: number): Usage {
  const prompt = Math.ceil(promptBytes(request) / 4)
  const completion = Math.ceil(completionBytes / 4)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    estimated: true,
  }
}

function promptBytes(request: ChatCompletionRequest): number {
  let bytes = 0
  for (const message of request.messages) bytes += messageBytes(message)
  if (request.tools) bytes += utf8Length(JSON.stringify(request.tools))
  return bytes
}

function messageBytes(message: ChatMessage): number {
  let bytes = 0
  if (typeof message.content === 'string') bytes += utf8Length(message.content)
  else if (Array.isArray(message.content)) {
    // Only text: an image as a data URL has many bytes and few tokens.
    for (const part of message.content)
      if ('text' in part && typeof part.text === 'string') bytes += utf8Length(part.text)
  }
  if (message.role === 'assistant' && message.tool_calls) bytes += utf8Length(JSON.stringify(message.tool_calls))
  return bytes
}
