import type { ChatChunk } from './chat-types.ts'
import type { NormalizeOptions } from './choice-normalizer.ts'
import type { MarkupEvent } from './markup-event.ts'
import { createMarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import { ChunkNormalizer } from './stream.ts'

/**
 * `normalizeStream` for `pipeThrough`. A web stream that breaks drops what is under way, so the text that was held then
 * is lost; where it must not be, use `normalizeStream`.
 */
export function normalizeTransform<C extends ChatChunk>(options: NormalizeOptions): TransformStream<C, C> {
  const normalizer = new ChunkNormalizer<C>(options)
  return new TransformStream({
    transform(chunk, controller) {
      for (const normal of normalizer.push(chunk)) controller.enqueue(normal)
    },
    flush(controller) {
      for (const normal of normalizer.end('stop')) controller.enqueue(normal)
    },
  })
}

/** A parser for `pipeThrough`: the text of a model in any pieces, such as a `TextDecoderStream` gives, to its events. */
export function markupTransform(options: MarkupParserOptions): TransformStream<string, MarkupEvent> {
  const parser = createMarkupParser(options)
  return new TransformStream({
    transform(text, controller) {
      for (const event of parser.push(text)) controller.enqueue(event)
    },
    flush(controller) {
      for (const event of parser.end('stop')) controller.enqueue(event)
    },
  })
}
