import type { AcquireCall, Call, Credential, Provider, ProviderEnvironment, ProviderFactory } from '@dragoman/core'
import { isDragomanError } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { abortOnLeave, createHttpClient, events, isEventStream, readJson } from '@dragoman/upstream'
import { accepts } from './accepts.ts'
import { createDecoder } from './decode-answer.ts'
import { encodeRequest } from './encode-request.ts'
import { usesFunctions } from './legacy-functions.ts'
import { decodeModels, toModel } from './models.ts'
import { credential, type OpenAICompatibleOptions, options, resolve } from './options.ts'
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
  const authorization = ({ values: { apiKey } }: Credential): Record<string, string> => {
    if (!apiKey) return {}
    const { authHeader } = settings
    return { [authHeader]: authHeader === 'authorization' ? `Bearer ${apiKey.reveal()}` : apiKey.reveal() }
  }

  const provider: Provider = {
    id: owner,
    answersWhole: settings.upstreamStream !== 'auto',
    accepts: (request) => accepts(request, settings),

    chat: (request, call) => abortOnLeave(call.signal, (signal) => chat(request, { ...call, signal })),

    async models(call) {
      if (settings.models) return settings.models.map((model) => toModel(model, owner))
      const response = await http.get('/models', { call, headers: authorization(call.credential) })
      return decodeModels(await readJson(response), { owner, prefix: settings.modelPrefix })
    },

    close: () => http.close(),
  }
  return settings.canProbe ? { ...provider, probe } : provider

  async function* chat(request: ChatCompletionRequest, call: Call): AsyncGenerator<ChatCompletionChunk> {
    const { body, isStreamed } = encodeRequest(request, settings)
    const response = await http.post('/chat/completions', {
      body,
      call,
      headers: authorization(call.credential),
      accept: isStreamed ? 'text/event-stream' : 'application/json',
      mapError: mapBaseResponse(name, clock),
    })
    const errorFrom = response.errorFrom.bind(response)
    const decoder = createDecoder({ name, errorFrom, usesFunctions: usesFunctions(request) })
    // Services answer whole where a stream was asked for, and the other way round.
    const isStream = isStreamed ? isEventStream(response) : response.contentType === 'text/event-stream'
    if (isStream) yield* events(response, decoder.event)
    else yield* decoder.completion(await readJson(response))
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
