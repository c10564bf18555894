import type { ChatChunk } from './chat-types.ts'
import type { NormalizeOptions } from './choice-normalizer.ts'
import type { EndedHow, MarkupEvent } from './markup-event.ts'
import { createMarkupParser } from './markup-machine.ts'
import { type PlainOptions, parserOptions } from './plain-options.ts'
import { ChunkNormalizer } from './stream.ts'

/**
 * `normalizeStream` for `pipeThrough`. A web stream that breaks drops what is under way, so the text that was held then
 * is lost; where it must not be, use `normalizeStream`.
 */
export function normalizeTransform<C extends ChatChunk>(options: NormalizeOptions): TransformStream<C, C> {
  return transform(new ChunkNormalizer<C>(options))
}

/** A parser for `pipeThrough`: the text of a model in any pieces, such as a `TextDecoderStream` gives, to its events. */
export function markupTransform(options: PlainOptions): TransformStream<string, MarkupEvent> {
  return transform(createMarkupParser(parserOptions(options)))
}

interface Machine<I, O> {
  push(given: I): Iterable<O>
  end(how: EndedHow): Iterable<O>
}

function transform<I, O>(machine: Machine<I, O>): TransformStream<I, O> {
  return new TransformStream({
    transform(given, controller) {
      for (const made of machine.push(given)) controller.enqueue(made)
    },
    flush(controller) {
      for (const made of machine.end('stop')) controller.enqueue(made)
    },
  })
}
