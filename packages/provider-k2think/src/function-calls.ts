import type { Transform } from '@dragoman/core'

/** The calls of an answer in the old form, for clients that sent `functions`: it has room for the first one. */
export function functionCalls(): Transform {
  return {
    *push(chunk) {
      const choice = chunk.choices?.[0]
      const isCalls = choice?.finish_reason === 'tool_calls'
      if (!choice || !(choice.delta?.tool_calls || isCalls)) {
        yield chunk
        return
      }
      const { tool_calls = [], ...rest } = choice.delta
      const pieces = tool_calls.filter(({ index }) => index === 0).map((piece) => piece.function)
      const name = pieces.find((piece) => piece?.name)?.name
      const text = pieces.map((piece) => piece?.arguments ?? '').join('')
      const delta = pieces.length > 0 ? { ...rest, function_call: { ...(name && { name }), arguments: text } } : rest
      const finish_reason = isCalls ? 'function_call' : choice.finish_reason
      yield { ...chunk, choices: [{ ...choice, delta, finish_reason }] }
    },
    end: () => [],
  }
}
