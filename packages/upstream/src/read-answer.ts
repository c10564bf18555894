import { type AnswerReader, DragomanError } from '@dragoman/core'
import { END } from './event-reader.ts'
import { events, isEventStream } from './event-stream.ts'
import { type HttpResponse, parseJson } from './http-response.ts'
import { readJson } from './read-body.ts'

type Chunk = ReturnType<AnswerReader['push']>[number]

export type EventFields = Readonly<Record<string, unknown>>

export interface ReadAnswerOptions {
  /** Whether the stream ends with this event. */
  isEnd(event: EventFields): boolean
  /** The JSON of the error that an event reports, for `HttpResponse.errorFrom`; undefined where it reports none. */
  errorIn(event: EventFields): unknown
}

/**
 * An answer in another dialect as canonical chunks: as it is streamed or, where the service did not stream, whole.
 *
 * Throws what `events` and `readJson` throw, what the service reports, `upstream_protocol` for what is no JSON object,
 * and what `reader` throws: at the end, where the event that ends an answer has not come.
 */
export async function readAnswer(
  response: HttpResponse,
  reader: AnswerReader,
  { isEnd, errorIn }: ReadAnswerOptions,
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

function isObject(value: unknown): value is EventFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function noJson({ call: { provider } }: HttpResponse): DragomanError {
  return new DragomanError('upstream_protocol', `${provider} sent an event that is no JSON object`, {
    origin: 'upstream',
  })
}
