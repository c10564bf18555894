import type { ChatCompletionChunk, ChatCompletionRequest, ChunkChoice } from '@dragoman/openai-schema'

export function stopsOf({ stop }: ChatCompletionRequest): readonly string[] {
  return [stop ?? []].flat().filter((text) => text !== '')
}

/**
 * Ends an answer of one choice before the first of `stops` in its content, for a service that does not know the field:
 * the rest is not read, which closes the socket. Text that may turn out to be the beginning of one waits.
 */
export async function* stopAt(
  chunks: AsyncIterable<ChatCompletionChunk>,
  stops: readonly string[],
): AsyncGenerator<ChatCompletionChunk> {
  let held = ''
  let last: ChatCompletionChunk | undefined
  try {
    for await (const chunk of chunks) {
      const [choice] = chunk.choices
      const content = choice?.delta.content
      if (!choice || !content) {
        if (choice && held !== '' && endsText(choice)) {
          yield textChunk(chunk, held)
          held = ''
        }
        yield chunk
        continue
      }
      last = chunk
      const text = held + content
      const end = firstOf(stops, text)
      if (end >= 0) {
        held = ''
        yield withChoice(chunk, {
          ...choice,
          delta: { ...choice.delta, content: text.slice(0, end) },
          finish_reason: 'stop',
        })
        return
      }
      const ready = choice.finish_reason === null ? text.slice(0, text.length - waiting(stops, text)) : text
      held = text.slice(ready.length)
      yield ready === content ? chunk : withChoice(chunk, { ...choice, delta: { ...choice.delta, content: ready } })
    }
  } catch (error) {
    if (held !== '' && last) yield textChunk(last, held)
    throw error
  }
  if (held !== '' && last) yield textChunk(last, held)
}

/** Whether what comes now has to stand behind the text. */
function endsText({ delta, finish_reason }: ChunkChoice): boolean {
  return finish_reason !== null || Boolean(delta.tool_calls?.length || delta.reasoning_content)
}

function firstOf(stops: readonly string[], text: string): number {
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return found.length > 0 ? Math.min(...found) : -1
}

/** How many of the last characters may be the beginning of a stop. */
function waiting(stops: readonly string[], text: string): number {
  const lengths = stops.map((stop) => {
    for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
      if (text.endsWith(stop.slice(0, length))) return length
    }
    return 0
  })
  return Math.max(0, ...lengths)
}

function withChoice(chunk: ChatCompletionChunk, choice: ChunkChoice): ChatCompletionChunk {
  return { ...chunk, choices: [choice] }
}

function textChunk({ id, object, created, model }: ChatCompletionChunk, content: string): ChatCompletionChunk {
  return { id, object, created, model, choices: [{ index: 0, delta: { content }, finish_reason: null }] }
}
