import { moderationRequest } from '@dragoman/openai-schema'
import type { Handler } from '../http/handler.ts'
import { type EndpointOptions, jsonEndpoint } from './endpoint-answer.ts'

/** OpenAI API reference, "Create moderation": what a request without a model means. */
const defaultModel = 'omni-moderation-latest'

/** `POST /v1/moderations`. */
export function moderations(options: EndpointOptions): Handler {
  return jsonEndpoint(options, { endpoint: 'moderations', schema: moderationRequest, defaultModel })
}
