import type {
  AcquireCall,
  Call,
  Credential,
  Provider,
  ProviderEnvironment,
  ProviderFactory,
  RelayedAnswer,
  RelayRequest,
} from '@dragoman/core'
import { DragomanError, isDragomanError } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  abortOnLeave,
  createHttpClient,
  eventPieces,
  events,
  type HttpResponse,
  isEventStream,
  readJson,
  readJsonBytes,
} from '@dragoman/upstream'
import { accepts } from './accepts.ts'
import { authorizationBy } from './authorization.ts'
import { createDecoder, isEnd, isInsteadOfAnswer, namedError } from './decode-answer.ts'
import { encodeRequest } from './encode-request.ts'
import { usesFunctions } from './legacy-functions.ts'
import { decodeModels, toModel } from './models.ts'
import { credential, type OpenAICompatibleOptions, options, resolve } from './options.ts'
import { relayObstacle } from './relay-obstacle.ts'
import { mapBaseResponse } from './reported-error.ts'

const id = 'openai-compatible'

/**
 * Every service that speaks OpenAI Chat Completions: `openAICompatible.create({ preset: 'groq' })`, or
 * `{ baseUrl: 'http://127.0.0.1:8000' }`. The provider's id is the preset's, else `openai-compatible`.
 */
export const openAICompatible: ProviderFactory<OpenAICompatibleOptions> = {
  id,
  options,
  credential,
  create: (given, environment) => createCompatible(given, { id: given.preset ?? id }, environment),
}

/**
 * The same for a package of its own, whose service differs by no more than options can say: `id` owns its models, and
 * `name` is what messages call it. Throws `invalid_request` where the options are not what the schema says.
 */
export function createCompatible(
  given: OpenAICompatibleOptions,
  service: { readonly id: string; readonly name?: string | undefined },
  { clock, proxy }: ProviderEnvironment = {},
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
  const mapError = mapBaseResponse(name, clock)

  const provider: Provider = {
    id: owner,
    answersWhole: settings.upstreamStream !== 'auto',
    separatesReasoning: settings.isHosted,
    accepts: (request) => accepts(request, settings),

    chat: (request, call) => abortOnLeave((left) => chat(request, call, left)),

    relayObstacle: (request, dialect) => relayObstacle(request, dialect, settings),
    relay,

    async models(call) {
      if (settings.models) return settings.models.map((model) => toModel(model, owner))
      const response = await http.get('/models', { call, headers: authorization(call.credential) })
      return decodeModels(await readJson(response), { owner, prefix: settings.modelPrefix })
    },

    close: () => http.close(),
  }
  return settings.canProbe ? { ...provider, probe } : provider

  function post(body: unknown, isStreamed: boolean, call: Call, left?: AbortSignal): Promise<HttpResponse> {
    const accept = isStreamed ? 'text/event-stream' : 'application/json'
    return http.post('/chat/completions', {
      body,
      call,
      left,
      headers: authorization(call.credential),
      accept,
      mapError,
    })
  }

  async function chat(
    request: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    const { body, isStreamed } = encodeRequest(request, settings)
    const response = await post(body, isStreamed, call, left)
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
      const headers = authorization(held)
      await readJson(await http.get('/models', { call: { ...call, credential: held }, headers }))
      return 'ok'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the credential
    }
  }
}

function isNamedEventStream({ contentType }: HttpResponse): boolean {
  return contentType === 'text/event-stream'
}
