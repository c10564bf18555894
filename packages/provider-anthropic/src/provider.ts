import {
  type Acceptance,
  type AcquireCall,
  type Call,
  type Credential,
  DragomanError,
  type EndpointAnswer,
  type EndpointRequest,
  isDragomanError,
  type Prefill,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
} from '@dragoman/core'
import { messagesUpstream } from '@dragoman/dialects/anthropic-messages'
import type { ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import { abortOnLeave, createHttpClient, messagesEvents, readAnswer, readJson, relayMessages } from '@dragoman/upstream'
import { mapErrors } from './map-error.ts'
import { adapted, traitsOf } from './model-traits.ts'
import { decodePage, toModel } from './models.ts'
import { type AnthropicOptions, credential, options } from './options.ts'
import { headersBy, headersOfRelay } from './request-headers.ts'

const id = 'anthropic'

/** As many as the service gives at once. */
const pageSize = 1000
const mostPages = 20

/** Claude by Anthropic's documented API, Messages. */
export const anthropic: ProviderFactory<AnthropicOptions, AnthropicOptions> = {
  id,
  options,
  credential,
  create: createAnthropic,
}

function createAnthropic(given: AnthropicOptions, { clock = systemClock, proxy }: ProviderEnvironment = {}): Provider {
  const settings = options.parse(given)
  const http = createHttpClient({
    provider: 'Anthropic',
    baseUrl: settings.baseUrl.replace(/\/+(v1\/*)?$/, ''),
    proxy: settings.proxy ?? proxy,
    clock,
  })
  const headersOf = headersBy(settings)
  const mapError = mapErrors(clock)

  return {
    id,
    separatesReasoning: true,
    wantsReasoning: true,
    accepts,
    prefill,

    chat: (request, call) =>
      abortOnLeave(async (left) => {
        const { body, reader } = write({ ...request, stream: true })
        const headers = headersOf(call.credential)
        const accept = 'text/event-stream'
        const response = await http.post('/v1/messages', { body, call, left, headers, accept, mapError })
        return readAnswer(response, reader(), messagesEvents)
      }),

    relayObstacle: (_request, dialect) =>
      dialect === 'anthropic-messages' ? undefined : 'the service speaks another dialect',
    relay: (request, call) => {
      const headers = headersOfRelay(headersOf(call.credential), request.headers)
      return relayMessages(http, request, { call, path: '/v1/messages', headers, mapError })
    },

    endpoints: ['messages/count_tokens'],
    serve,

    async models(call) {
      if (settings.models) return settings.models.map((model) => toModel(model))
      const models: Model[] = []
      let after: string | undefined
      for (let page = 0; page < mostPages; page++) {
        const { models: more, after: next } = decodePage(await list(call, pageSize, after))
        models.push(...more)
        if (next === undefined || next === after) break
        after = next
      }
      return models
    },

    probe,
    close: () => http.close(),
  }

  function write(request: ChatCompletionRequest) {
    const traits = traitsOf(request.model, settings)
    return messagesUpstream.writeRequest(adapted(request, traits), traits)
  }

  /** A model that thinks refuses to go on with what is no thought of its own. */
  function prefill({ model, reasoning_effort: effort, thinking }: ChatCompletionRequest): Prefill | undefined {
    const traits = traitsOf(model, settings)
    const mayThink = traits.thinksUnasked || effort || thinking
    return traits.prefill === false || mayThink ? undefined : 'plain'
  }

  function accepts(request: ChatCompletionRequest): Acceptance {
    try {
      return { dropped: write(request).dropped }
    } catch (error) {
      if (!isDragomanError(error) || error.scope !== 'request') throw error
      return { dropped: [], refused: { param: error.param ?? 'messages', message: error.message } }
    }
  }

  /** `count_tokens` takes a request of Messages without what is about its answer. */
  async function serve({ endpoint, body }: EndpointRequest, call: Call): Promise<EndpointAnswer> {
    if (endpoint !== 'messages/count_tokens' || body.kind !== 'json') {
      throw new DragomanError('unsupported_endpoint', `Anthropic has no /v1/${endpoint}`)
    }
    const { max_tokens: _, stream: __, ...counted } = body.json
    const headers = headersOf(call.credential)
    return {
      kind: 'json',
      json: await readJson(await http.post('/v1/messages/count_tokens', { body: counted, call, headers, mapError })),
    }
  }

  async function list(call: AcquireCall & { credential: Credential }, limit: number, after?: string): Promise<unknown> {
    const behind = after === undefined ? '' : `&after_id=${encodeURIComponent(after)}`
    const headers = headersOf(call.credential)
    return readJson(await http.get(`/v1/models?limit=${limit}${behind}`, { call, headers, mapError }))
  }

  async function probe(held: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
    try {
      await list({ ...call, credential: held }, 1)
      return 'ok'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the credential
    }
  }
}
