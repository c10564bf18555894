import type { ChatCompletionChunk, Usage } from '@dragoman/openai-schema'

/**
 * Cached tokens stand beside the other numbers here, where OpenAI's clients do not look. Usage may come inside of the
 * first choice as well (fixtures/tool-call.http); core reads it there. The same object where nothing has to change.
 */
export function withCachedTokens(chunk: ChatCompletionChunk): ChatCompletionChunk {
  if (chunk.usage) {
    const usage = nested(chunk.usage)
    return usage === chunk.usage ? chunk : { ...chunk, usage }
  }
  const [choice] = Array.isArray(chunk.choices) ? chunk.choices : []
  if (!choice || !('usage' in choice) || !isUsage(choice.usage)) return chunk
  const usage = nested(choice.usage)
  if (usage === choice.usage) return chunk
  return { ...chunk, choices: [{ ...choice, ...{ usage } }, ...chunk.choices.slice(1)] }
}

function nested(usage: Usage): Usage {
  if (!('cached_tokens' in usage) || typeof usage.cached_tokens !== 'number') return usage
  if (usage.prompt_tokens_details?.cached_tokens !== undefined) return usage
  return { ...usage, prompt_tokens_details: { ...usage.prompt_tokens_details, cached_tokens: usage.cached_tokens } }
}

function isUsage(value: unknown): value is Usage {
  return typeof value === 'object' && value !== null && 'prompt_tokens' in value
}
