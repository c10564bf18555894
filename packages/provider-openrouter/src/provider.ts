import {
  type Acceptance,
  type AcquireCall,
  type Credential,
  isDragomanError,
  type Provider,
  type ProviderFactory,
  systemClock,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { createCompatible } from '@dragoman/provider-openai-compatible'
import { createHttpClient, type ErrorResponse, mapErrorResponse, readJson } from '@dragoman/upstream'
import { encodeRequest } from './encode-request.ts'
import { name, routedError } from './map-error.ts'
import { attribution, credential, type OpenRouterOptions, options } from './options.ts'
import { chunkReader } from './read-chunk.ts'
import { ReadChunks } from './read-chunks.ts'

const id = 'openrouter'

/** OpenRouter, by its documented API. */
export const openrouter: ProviderFactory<OpenRouterOptions> = {
  id,
  options,
  credential,
  create(given, environment = {}): Provider {
    const { baseUrl = 'https://openrouter.ai/api/v1', models } = given
    const { clock = systemClock, proxy } = environment
    const headers = attribution(given)
    const inner = createCompatible(
      { baseUrl, headers, streamUsage: false, unsupported: ['n'], ...(models && { models }) },
      { id, name, mapError: (response, usual) => routedError(response, { now: clock.now() }) ?? usual },
      environment,
    )
    const account = createHttpClient({ provider: name, baseUrl, headers, clock, proxy })
    return {
      id,
      separatesReasoning: 'mostly',
      wantsReasoning: true,
      accepts,
      chat: (request, call) =>
        new ReadChunks(
          inner.chat(encodeRequest(request, given), call),
          chunkReader((json) => errorIn(json, call.credential)),
        ),
      models: (call) => inner.models?.(call) ?? Promise.resolve([]),
      probe,
      async close() {
        await Promise.all([inner.close(), account.close()])
      },
    }

    /** What a single provider behind it cannot honour is left out there, unless `require_parameters` is set. */
    function accepts(request: ChatCompletionRequest): Acceptance {
      const { dropped = [], refused } = inner.accepts?.(encodeRequest(request, given)) ?? {}
      const at = (request.tools ?? []).findIndex(({ type }) => type === 'custom')
      const param = `tools[${at}].type`
      const message = `${param}: OpenRouter takes functions in Chat Completions, no custom tools`
      return { dropped, refused: refused ?? (at < 0 ? undefined : { param, message }) }
    }

    /** An error inside of a chunk that was taken for one. */
    function errorIn(json: unknown, { values }: Credential) {
      const response: ErrorResponse = { status: 200, headers: new Headers(), text: '', json }
      const about = { now: clock.now(), secrets: Object.values(values).map((secret) => secret.reveal()) }
      return routedError(response, about) ?? mapErrorResponse(response, { ...about, provider: name })
    }

    /** The list of models is public, so it says nothing about a key. */
    async function probe(held: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
      const { apiKey } = held.values
      const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey.reveal()}` } : {}
      try {
        await readJson(await account.get('/key', { call: { ...call, credential: held }, headers }))
        return 'ok'
      } catch (error) {
        if (!isDragomanError(error)) throw error
        if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
        if (error.code === 'upstream_challenge') return 'challenged'
        throw error // it says nothing about the key
      }
    }
  },
}
