import { errorBody } from '@dragoman/core'
import type { ClientDialect } from '../dialect.ts'
import {
  type OpenedResponsesRequest,
  openRequest,
  type ResponsesReadOptions,
  type ResponsesReadRequest,
} from './read-request.ts'

/** OpenAI's Responses API, as its clients speak it. */
export interface ResponsesClient extends ClientDialect {
  /** For a server with a store: what a request refers to is to be looked up between this and `read`. */
  openRequest(body: unknown): OpenedResponsesRequest
  readRequest(body: unknown, options?: ResponsesReadOptions): ResponsesReadRequest
}

export const responsesClient: ResponsesClient = {
  id: 'openai-responses',
  openRequest,
  readRequest: (body, options) => openRequest(body).read(options),
  errorBody: (error) => errorBody(error),
}
