/** The JSON of an event. */
export type EventFields = Readonly<Record<string, unknown>>

/** How answers of a dialect end, and where errors stand in them. */
export interface DialectEvents {
  /** Whether the stream ends with this event. */
  isEnd(event: EventFields): boolean
  /** The JSON of the error that an event reports, for `HttpResponse.errorFrom`; undefined where it reports none. */
  errorIn(event: EventFields): unknown
}

/** Of Anthropic Messages. */
export const messagesEvents: DialectEvents = {
  isEnd: ({ type }) => type === 'message_stop',
  errorIn: (event) => (event.type === 'error' ? event : undefined),
}

/** Of OpenAI Responses. */
export const responsesEvents: DialectEvents = {
  isEnd: ({ type }) => type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed',
  errorIn(event) {
    // OpenAI's reference has the fields at the top, its servers nest them.
    if (event.type === 'error') return isObject(event.error) ? event : { error: event }
    if (event.type !== 'response.failed') return undefined
    return { error: isObject(event.response) && isObject(event.response.error) ? event.response.error : {} }
  },
}

export function isObject(value: unknown): value is EventFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
