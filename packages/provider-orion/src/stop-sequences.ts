import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'

export function stopsOf({ stop }: ChatCompletionRequest): readonly string[] {
  return (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
}

/** The answer up to the first of these texts in its content, where it ends; the rest is not read. */
export async function* untilStop(
  chunks: AsyncIterable<ChatCompletionChunk>,
  stops: readonly string[],
): AsyncGenerator<ChatCompletionChunk, undefined> {
  /** The end of the content that may be the beginning of one of them. */
  let held = ''
  for await (const chunk of chunks) {
    const [choice] = chunk.choices
    if (!choice) {
      yield chunk
      continue
    }
    const { index, delta, finish_reason } = choice
    const content = delta?.content ?? ''
    const text = held + content
    const withContent = (ready: string) => ({
      ...chunk,
      choices: [{ ...choice, delta: { ...delta, content: ready } }],
    })
    const at = Math.min(...stops.map((stop) => indexOf(text, stop)))
    if (at < text.length) {
      const { usage, ...head } = withContent(text.slice(0, at))
      yield { ...head, choices: head.choices.map((only) => ({ ...only, finish_reason: null })) }
      yield { ...head, choices: [{ index, delta: {}, finish_reason: 'stop' }] }
      return
    }
    const isLast = Boolean(finish_reason || delta?.tool_calls)
    const ready = text.slice(0, text.length - (isLast ? 0 : Math.max(...stops.map((stop) => overlap(text, stop)))))
    held = text.slice(ready.length)
    yield ready === content ? chunk : withContent(ready)
  }
}

function indexOf(text: string, stop: string): number {
  const at = text.indexOf(stop)
  return at < 0 ? text.length : at
}

/** How many characters at the end of the text may be the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
