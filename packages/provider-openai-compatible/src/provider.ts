import type {
  AcquireCall,
  Call,
  Credential,
  Provider,
  ProviderEnvironment,
  ProviderFactory,
  RelayedAnswer,
  RelayRequest,
  Secret,
} from '@dragoman/core'
import { DragomanError, isDragomanError, systemClock } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  abortOnLeave,
  createHttpClient,
  type ErrorResponse,
  eventPieces,
  events,
  type HttpResponse,
  isEventStream,
  type MapError,
  mapErrorResponse,
  readAnswer,
  readJson,
  readJsonBytes,
  redact,
  relayResponses,
  responsesEvents,
} from '@dragoman/upstream'
import { accepts } from './accepts.ts'
import { authorizationBy } from './authorization.ts'
import { createDecoder, isEnd, isInsteadOfAnswer, namedError } from './decode-answer.ts'
import { encodeRequest } from './encode-request.ts'
import { callEndpoint, expectedEndpoints } from './endpoints.ts'
import { usesFunctions } from './legacy-functions.ts'
import { decodeModels, toModel } from './models.ts'
import { credential, type OpenAICompatibleOptions, options, resolve } from './options.ts'
import { acceptsOverResponses, encodeResponses, type ResponsesDialect } from './over-responses.ts'
import { relayObstacle } from './relay-obstacle.ts'
import { mapBaseResponse } from './reported-error.ts'

const id = 'openai-compatible'

/**
 * Every service that speaks OpenAI Chat Completions: `openAICompatible.create({ preset: 'groq' })`, or
 * `{ baseUrl: 'http://127.0.0.1:8000' }`. The provider's id is the preset's, else `openai-compatible`.
 */
export const openAICompatible: ProviderFactory<OpenAICompatibleOptions> = openAICompatibleWith({})

/** The same, which with `responses` can do what the option `api: responses` says. */
export function openAICompatibleWith(
  dialects: Pick<CompatibleService, 'responses'>,
): ProviderFactory<OpenAICompatibleOptions> {
  return {
    id,
    options,
    credential,
    create(given, environment) {
      if (given.preset) return createCompatible(given, { id: given.preset, ...dialects }, environment)
      const endpoints = given.endpoints ?? [...expectedEndpoints]
      return createCompatible({ ...given, endpoints }, { id, ...dialects }, environment)
    },
  }
}

/** What a package of its own says of its service. */
export interface CompatibleService {
  /** Owns its models. */
  readonly id: string
  /** What messages call it. */
  readonly name?: string | undefined
  /** What an error of this service means, where `standard`, the usual reading, does not know it. */
  readonly mapError?: ((response: ErrorResponse, standard: DragomanError) => DragomanError) | undefined
  /** For the option `api: responses`: `responsesUpstream` of `@dragoman/dialects/openai-responses`. */
  readonly responses?: ResponsesDialect | undefined
}

/**
 * The same for a package of its own, whose service differs by no more than options and its errors. Throws
 * `invalid_request` where the options are not what the schema says.
 */
export function createCompatible(
  given: OpenAICompatibleOptions,
  service: CompatibleService,
  { clock = systemClock, proxy }: ProviderEnvironment = {},
): Provider {
  const settings = resolve(given)
  const owner = service.id
  const name = service.name ?? settings.name
  const http = createHttpClient({
    provider: name,
    baseUrl: settings.baseUrl + settings.search,
    headers: settings.headers,
    proxy: settings.proxy ?? proxy,
    clock,
  })
  const authorization = authorizationBy(settings.authHeader)
  const responses = settings.api === 'responses' ? dialectOf(service) : undefined
  const mapBase = mapBaseResponse(name, clock)
  const asked = { http, name, authorization: ({ credential }: Call) => authorization(credential), mapErrorOf }

  const provider: Provider = {
    id: owner,
    answersWhole: settings.upstreamStream !== 'auto',
    separatesReasoning: settings.isHosted,
    wantsReasoning: responses !== undefined,
    prefill: () => (responses ? undefined : settings.prefill),
    accepts: (request) => (responses ? acceptsOverResponses(request, settings, responses) : accepts(request, settings)),

    chat: (request, call) =>
      abortOnLeave((left) => (responses ? chatOver(responses, request, call, left) : chat(request, call, left))),

    relayObstacle: (request, dialect) => relayObstacle(request, dialect, settings),
    relay: (request, call) =>
      request.dialect === 'openai-responses'
        ? relayResponses(http, request, { ...accessOf(call), path: '/responses' })
        : relay(request, call),

    endpoints: settings.endpoints,
    serve: (request, call) => callEndpoint(request, call, asked),

    async models(call) {
      if (settings.models) return settings.models.map((model) => toModel(model, owner))
      const response = await http.get('/models', accessOf(call))
      return decodeModels(await readJson(response), { owner, prefix: settings.modelPrefix })
    },

    close: () => http.close(),
  }
  return settings.canProbe ? { ...provider, probe } : provider

  function accessOf<C extends Pick<Call, 'credential'>>(call: C) {
    return { call, headers: authorization(call.credential), mapError: mapErrorOf(call) }
  }

  function post(
    body: unknown,
    isStreamed: boolean,
    call: Call,
    { left, path = '/chat/completions' }: { left?: AbortSignal; path?: string } = {},
  ): Promise<HttpResponse> {
    const accept = isStreamed ? 'text/event-stream' : 'application/json'
    return http.post(path, { ...accessOf(call), body, left, accept })
  }

  function mapErrorOf({ credential }: Pick<Call, 'credential'>): MapError {
    const { mapError } = service
    if (!mapError) return mapBase
    return (response) => {
      // They are taken out before it is cut, which may leave half of one.
      const context = { provider: name, secrets: secretsOf(credential), now: clock.now() }
      return mapError(response, mapBase(response) ?? mapErrorResponse(response, context))
    }
  }

  function secretsOf({ values }: Credential): string[] {
    return [values, settings.headers].flatMap((texts) => Object.values(texts).map(textOf))
  }

  async function chatOver(
    dialect: ResponsesDialect,
    request: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    const clean = (text: string) => redact(text, secretsOf(call.credential))
    const { body, isStreamed, reader } = encodeResponses(request, settings, dialect, clean)
    const response = await post(body, isStreamed, call, { left, path: '/responses' })
    if (isStreamed || isNamedEventStream(response)) return readAnswer(response, reader, responsesEvents)
    const chunks = reader.whole(await readJson(response)).values()
    return { next: async () => chunks.next() }
  }

  async function chat(
    request: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    const { body, isStreamed } = encodeRequest(request, settings)
    const response = await post(body, isStreamed, call, { left })
    const errorFrom = response.errorFrom.bind(response)
    const decoder = createDecoder({ name, errorFrom, usesFunctions: usesFunctions(request) })
    // Services answer whole where a stream was asked for, and the other way round.
    if (isStreamed ? isEventStream(response) : isNamedEventStream(response)) return events(response, decoder.event)
    const chunks = decoder.completion(await readJson(response)).values()
    return { next: async () => chunks.next() }
  }

  async function relay({ body, isStreamed }: RelayRequest, call: Call): Promise<RelayedAnswer> {
    const response = await post(Buffer.from(body), isStreamed, call)
    const errorFrom = (json: unknown) => response.errorFrom(json)
    if (isStreamed && isEventStream(response)) {
      const pieces = eventPieces(response, { isEnd, errorFrom: (event) => namedError(event, { name, errorFrom }) })
      return { kind: 'events', pieces, errorFrom }
    }
    if (isNamedEventStream(response)) {
      response.body.release()
      throw new DragomanError('upstream_protocol', `${name} streamed an answer that was to come whole`, {
        origin: 'upstream',
      })
    }
    const { bytes, json } = await readJsonBytes(response)
    if (isInsteadOfAnswer(json)) throw errorFrom(json)
    return { kind: 'whole', bytes, json }
  }

  async function probe(held: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
    try {
      await readJson(await http.get('/models', accessOf({ ...call, credential: held })))
      return 'ok'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the credential
    }
  }
}

function dialectOf({ responses }: CompatibleService): ResponsesDialect {
  if (responses) return responses
  const message = 'openai-compatible: api: over Responses only with their dialect, see openAICompatibleWith'
  throw new DragomanError('invalid_request', message, { param: 'api' })
}

function textOf(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal()
}

function isNamedEventStream({ contentType }: HttpResponse): boolean {
  return contentType === 'text/event-stream'
}
