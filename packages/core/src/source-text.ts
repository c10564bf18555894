import type { ChatCompletionChunk } from '@dragoman/openai-schema'

const sourceText = Symbol.for('dragoman.source-text')

/**
 * Notes the JSON that a chunk was parsed from, so that it can go out as it came: numbers as they were written, keys in
 * their order. Not enumerable, so a changed copy does not carry it; whoever changes a chunk must copy it.
 */
export function withSourceText(chunk: ChatCompletionChunk, json: string): ChatCompletionChunk {
  // On several lines it would not be one line of an event.
  if (json.includes('\n') || json.includes('\r')) return chunk
  return Object.defineProperty(chunk, sourceText, { value: json })
}

/** The JSON of a chunk that is as it came; undefined for one that was made or changed. */
export function sourceTextOf(chunk: ChatCompletionChunk): string | undefined {
  return (chunk as { [sourceText]?: string })[sourceText]
}
