import type { ChatCompletionRequest, ChatMessage, Usage } from '@dragoman/openai-schema'

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
 * Cache writes are read under the names that services use for them, and a missing total is added up.
 * Unknown fields stay.
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
  return usage
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
