import { type AnswerReader, DragomanError } from '@dragoman/core'
import { type DialectEvents, isObject } from './dialect-events.ts'
import { END } from './event-reader.ts'
import { events, isEventStream } from './event-stream.ts'
import { type HttpResponse, parseJson } from './http-response.ts'
import { readJson } from './read-body.ts'

type Chunk = ReturnType<AnswerReader['push']>[number]

/**
 * An answer in another dialect as canonical chunks: as it is streamed or, where the service did not stream, whole.
 *
 * Throws what `events` and `readJson` throw, what the service reports, `upstream_protocol` for what is no JSON object,
 * and what `reader` throws: at the end, where the event that ends an answer has not come.
 */
export async function readAnswer(
  response: HttpResponse,
  reader: AnswerReader,
  { isEnd, errorIn }: DialectEvents,
): Promise<AsyncIterator<Chunk, undefined>> {
  if (!isEventStream(response)) {
    const chunks = reader.whole(await readJson(response)).values()
    return { next: async () => chunks.next() }
  }
  let last: readonly Chunk[] = []
  return events<Chunk>(
    response,
    ({ data }) => {
      const text = data.trim()
      if (text === '') return []
      // Some services that are compatible end all their streams like Chat's.
      if (text === '[DONE]') return END
      const event = parseJson(text)
      if (!isObject(event)) throw noJson(response)
      const error = errorIn(event)
      if (error !== undefined) throw response.errorFrom(error)
      const chunks = reader.push(event)
      if (!isEnd(event)) return chunks
      last = chunks
      return END
    },
    () => [...last, ...reader.end()],
  )
}

function noJson({ call: { provider } }: HttpResponse): DragomanError {
  return new DragomanError('upstream_protocol', `${provider} sent an event that is no JSON object`, {
    origin: 'upstream',
  })
}
