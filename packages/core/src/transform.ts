import type { ChatCompletionChunk } from '@dragoman/openai-schema'

/** How the text of an answer ended: by itself, at the token limit, or broken off. */
export type EndedBy = 'stop' | 'length' | 'cut'

/** An incremental, synchronous transducer over the chunks of one answer. */
export interface Transform {
  /** What `chunk` makes ready now; nothing while it is held back. */
  push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk>
  /** What was still held. Called once. May throw a `DragomanError` when the answer is not one. */
  end(how: EndedBy): Iterable<ChatCompletionChunk>
}

/** Several transforms as one, in order. */
export function chain(transforms: readonly Transform[]): Transform {
  if (transforms.length === 1 && transforms[0]) return transforms[0]
  const through = (chunks: Iterable<ChatCompletionChunk>, from: number): Iterable<ChatCompletionChunk> => {
    let current = chunks
    for (const transform of transforms.slice(from)) current = pushAll(transform, current)
    return current
  }
  return {
    push: (chunk) => through([chunk], 0),
    *end(how) {
      for (const [i, transform] of transforms.entries()) yield* through(transform.end(how), i + 1)
    },
  }
}

function* pushAll(transform: Transform, chunks: Iterable<ChatCompletionChunk>): Iterable<ChatCompletionChunk> {
  for (const chunk of chunks) yield* transform.push(chunk)
}

/** How an answer whose chunks passed here ended, for `Transform.end`. */
export function endedBy(finishReason: string | null | undefined): EndedBy {
  return finishReason === 'length' ? 'length' : 'stop'
}

/** Runs `transform` over a stream. When the stream breaks, what was held is let out first, then the error. */
export async function* transformed(
  chunks: AsyncIterable<ChatCompletionChunk>,
  transform: Transform,
): AsyncGenerator<ChatCompletionChunk> {
  let finishReason: string | null | undefined
  try {
    for await (const chunk of chunks) {
      finishReason = chunk.choices?.[0]?.finish_reason ?? finishReason
      yield* transform.push(chunk)
    }
  } catch (error) {
    yield* transform.end('cut')
    throw error
  }
  yield* transform.end(endedBy(finishReason))
}
