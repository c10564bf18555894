import type { ChatCompletionChunk, Delta, FinishReason, ReasoningDetail } from '@dragoman/openai-schema'

/** One chunk for each: a delta, or the finish reason. */
export function deltas(...said: readonly (Delta | FinishReason)[]): ChatCompletionChunk[] {
  return said.map((delta) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [
      typeof delta === 'string'
        ? { index: 0, delta: {}, finish_reason: delta }
        : { index: 0, delta, finish_reason: null },
    ],
  }))
}

/** The first piece of a call. */
export function callDelta(index: number, name: string, args = ''): Delta {
  return { tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: args } }] }
}

/** Later pieces. */
export function argumentsDelta(index: number, args: string): Delta {
  return { tool_calls: [{ index, function: { arguments: args } }] }
}

export function signature(index: number, value: string): ReasoningDetail {
  return { type: 'reasoning.text', signature: value, format: 'anthropic-claude-v1', index }
}
