import { imageEditRequest, imageGenerationRequest } from '@dragoman/openai-schema'
import type { Handler } from '../http/handler.ts'
import { byContentType, type EndpointOptions, formEndpoint, jsonEndpoint } from './endpoint-answer.ts'

/** `POST /v1/images/generations`. */
export function imageGenerations(options: EndpointOptions): Handler {
  return jsonEndpoint(options, { endpoint: 'images/generations', schema: imageGenerationRequest })
}

/** `POST /v1/images/edits`: a form with the pictures, or JSON that holds them. */
export function imageEdits(options: EndpointOptions): Handler {
  return byContentType({
    form: formEndpoint(options, 'images/edits'),
    json: jsonEndpoint(options, { endpoint: 'images/edits', schema: imageEditRequest }),
  })
}
