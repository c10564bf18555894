import { speechRequest } from '@dragoman/openai-schema'
import type { Handler } from '../http/handler.ts'
import { type EndpointOptions, formEndpoint, jsonEndpoint } from './endpoint-answer.ts'

/** `POST /v1/audio/speech`: JSON, answered by audio. */
export function speech(options: EndpointOptions): Handler {
  return jsonEndpoint(options, { endpoint: 'audio/speech', schema: speechRequest })
}

/** `POST /v1/audio/transcriptions`: a form with the audio. */
export function transcriptions(options: EndpointOptions): Handler {
  return formEndpoint(options, 'audio/transcriptions')
}

/** `POST /v1/audio/translations`: the same, in English. */
export function translations(options: EndpointOptions): Handler {
  return formEndpoint(options, 'audio/translations')
}
