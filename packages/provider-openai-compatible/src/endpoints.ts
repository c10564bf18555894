import {
  type Call,
  DragomanError,
  type Endpoint,
  type EndpointAnswer,
  type EndpointBody,
  type EndpointRequest,
  isRecord,
} from '@dragoman/core'
import { type HttpClient, type HttpResponse, type MapError, readJson } from '@dragoman/upstream'
import { reportsError } from './reported-error.ts'

/** All that there is, as options name it. */
export const endpoints = [
  'completions',
  'embeddings',
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'moderations',
] as const satisfies readonly Endpoint[]

/**
 * What a service that nobody knows is asked for: it says itself what it has not. `completions` is not among them, because
 * where it is missing a chat does as well.
 */
export const expectedEndpoints = endpoints.filter((endpoint) => endpoint !== 'completions')

export interface EndpointService {
  readonly http: HttpClient
  /** For messages. */
  readonly name: string
  authorization(call: Call): Readonly<Record<string, string>>
  mapErrorOf(call: Call): MapError | undefined
}

/** A call to an endpoint besides chat: JSON or a form goes out as it came, and so does what is answered. */
export async function callEndpoint(
  { endpoint, body }: EndpointRequest,
  call: Call,
  { http, name, authorization, mapErrorOf }: EndpointService,
): Promise<EndpointAnswer> {
  const headers = authorization(call)
  const isForm = body.kind === 'form'
  const response = await http.post(`/${endpoint}`, {
    ...(isForm ? { streamedBody: body } : { body: body.json }),
    headers: isForm ? { ...headers, ...formHeaders(body) } : headers,
    accept: acceptFor(endpoint, body),
    call,
    mapError: mapErrorOf(call),
  })
  if (isBytes(endpoint, response)) {
    const contentType = response.headers.get('content-type') ?? ''
    return { kind: 'stream', contentType: isHeader(contentType) ? contentType : anyBytes, pieces: response.body }
  }
  const json = await readJson(response)
  if (isRecord(json) && reportsError(json)) throw response.errorFrom(json)
  if (!isRecord(json)) {
    throw new DragomanError('upstream_protocol', `${name} answered with JSON that is no answer`, { origin: 'upstream' })
  }
  return { kind: 'json', json }
}

/** Some services take no form whose length is not said. */
function formHeaders(form: Extract<EndpointBody, { kind: 'form' }>): Readonly<Record<string, string>> {
  const { contentType, length } = form
  return { 'content-type': contentType, ...(length !== undefined && { 'content-length': String(length) }) }
}

const anyBytes = 'application/octet-stream'

/** Words say how an answer is to come for JSON; a form is not looked into. */
function acceptFor(endpoint: Endpoint, body: EndpointBody): string {
  if (body.kind === 'json' && body.json.stream === true) return 'text/event-stream'
  return endpoint.startsWith('audio/') ? '*/*' : 'application/json'
}

function isBytes(endpoint: Endpoint, { contentType }: HttpResponse): boolean {
  // What is counted, or compared number by number, comes whole.
  if (endpoint === 'embeddings' || endpoint === 'moderations') return false
  if (contentType === 'text/event-stream') return true
  // Engines call their JSON anything; of audio and its texts the type is all that tells them.
  return endpoint.startsWith('audio/') && !/[/+]json$/.test(contentType)
}

function isHeader(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text)
}
