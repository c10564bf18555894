import type { ChatCompletionChunk, ChatCompletionRequest, Delta } from '@dragoman/openai-schema'

export function stopsOf({ stop }: ChatCompletionRequest): readonly string[] {
  return [stop ?? []].flat().filter((text) => text !== '')
}

/**
 * Ends the content before the first of `stops`, for a service that does not know them; the rest is not read. Text that
 * may be the beginning of one waits until it is told.
 */
export async function* stopAt(
  chunks: AsyncIterable<ChatCompletionChunk>,
  stops: readonly string[],
): AsyncGenerator<ChatCompletionChunk> {
  let held = ''
  for await (const chunk of chunks) {
    const [choice] = chunk.choices
    if (!choice) {
      yield chunk
      continue
    }
    const { delta, finish_reason } = choice
    const text = held + (delta.content ?? '')
    const changed = (change: Delta, reason: typeof finish_reason): ChatCompletionChunk => ({
      ...chunk,
      choices: [{ ...choice, delta: { ...delta, ...change }, finish_reason: reason }],
    })
    const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
    if (ends.length > 0) {
      yield changed({ content: text.slice(0, Math.min(...ends)) }, 'stop')
      return
    }
    const isText = finish_reason === null && !delta.tool_calls
    held = isText ? text.slice(text.length - Math.max(...stops.map((stop) => beginningAt(text, stop)))) : ''
    if (text === (delta.content ?? '') && held === '') yield chunk
    else yield changed({ content: text.slice(0, text.length - held.length) }, finish_reason)
  }
}

/** How many of the last characters are a beginning of `stop`. */
function beginningAt(text: string, stop: string): number {
  let length = Math.min(stop.length - 1, text.length)
  while (length > 0 && !text.endsWith(stop.slice(0, length))) length--
  return length
}
