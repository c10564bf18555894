export { abortOnLeave } from './abort-on-leave.ts'
export { type DialectEvents, type EventFields, messagesEvents, responsesEvents } from './dialect-events.ts'
export type { ErrorBody } from './error-body.ts'
export { isErrorBody, readErrorBody } from './error-body.ts'
export { type ErrorResponse, type MapError, type MapErrorContext, mapErrorResponse } from './error-response.ts'
export { END, type StreamEvent } from './event-reader.ts'
export { type EventPiecesOptions, eventPieces, events, isEventStream } from './event-stream.ts'
export { type FetchMediaOptions, fetchMedia, type Media } from './fetch-media.ts'
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type PostOptions,
  type RequestCall,
  type RequestOptions,
} from './http-client.ts'
export { type HttpResponse, parseJson, type ResponseCall } from './http-response.ts'
export {
  type ImageAnswerOptions,
  type ImageRequest,
  imageAnswer,
  readImageRequest,
} from './image-endpoints.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { createMadeChats, type MadeChats, type MadeChatsOptions, type RemovalCall } from './made-chats.ts'
export { type MultipartFile, multipart } from './multipart.ts'
export { pause } from './pause.ts'
export { type PutToOptions, putTo } from './put-to.ts'
export { readAnswer } from './read-answer.ts'
export { readJson, readJsonBytes, readText } from './read-body.ts'
export { redact } from './redact.ts'
export type { RelayOptions } from './relay-events.ts'
export { relayMessages } from './relay-messages.ts'
export { relayResponses } from './relay-responses.ts'
export { renewOnce } from './renew-once.ts'
export type { BodySink, ResponseBody } from './response-body.ts'
export { readRetryAfter } from './retry-after.ts'
export type { StreamedBody } from './sent-body.ts'
