import { type Credential, DragomanError, type Provider, type ProviderFactory, systemClock } from '@dragoman/core'
import type { ChatCompletionChunk, Model } from '@dragoman/openai-schema'
import { createDecoder } from '@dragoman/provider-openai-compatible'
import {
  abortOnLeave,
  createHttpClient,
  END,
  events,
  imageAnswer,
  isEventStream,
  readJson,
  relayMessages,
} from '@dragoman/upstream'
import { citationsOf } from '../citations.ts'
import { withTextFiles } from '../text-files.ts'
import { accepts } from './accepts.ts'
import { encodeRequest } from './encode-request.ts'
import { mapErrorCodes } from './error-codes.ts'
import { encodeImageRequest, imageModels, imagesIn } from './images.ts'
import { foundingNames, knownIds } from './model-name.ts'
import { baseUrlOf, credential, options, searchEngineOf, type ZaiOptions } from './options.ts'
import { messagesBase, messagesObstacle } from './relay-messages.ts'

const id = 'zai'
const name = 'Z.AI'

/** Z.AI and BigModel (GLM models), by their documented API. */
export const zai: ProviderFactory<ZaiOptions> = {
  id,
  options,
  credential,
  create(given, { clock = systemClock, proxy, mediaFrom } = {}): Provider {
    const http = createHttpClient({ provider: name, baseUrl: baseUrlOf(given), clock, proxy })
    const messagesUrl = messagesBase(baseUrlOf(given))
    const messages = messagesUrl ? createHttpClient({ provider: name, baseUrl: messagesUrl, clock, proxy }) : undefined
    const searchEngine = searchEngineOf(given)
    const mapError = mapErrorCodes(clock)
    return {
      id,
      separatesReasoning: true,
      wantsReasoning: true,
      accepts,

      chat: (request, call) =>
        abortOnLeave(async (left) => {
          const access = { signal: AbortSignal.any([call.signal, left]), allow: mediaFrom }
          const body = encodeRequest(await withTextFiles(request, access), searchEngine)
          const headers = authorization(call.credential)
          const accept = 'text/event-stream'
          const response = await http.post('/chat/completions', { body, call, left, headers, accept, mapError })
          const errorFrom = (json: unknown) => response.errorFrom(json)
          const decoder = createDecoder({ name, errorFrom, usesFunctions: false })
          if (isEventStream(response)) {
            return events(response, (event) => {
              const chunks = decoder.event(event)
              return chunks === END ? END : chunks.map(withCitations)
            })
          }
          const chunks = decoder
            .completion(await readJson(response))
            .map(withCitations)
            .values()
          return { next: async () => chunks.next() }
        }),

      // Whether the general plane has a list to ask for is not established, so nothing is asked.
      models: async () => (given.models ?? [...knownIds, ...foundingNames, ...imageModels]).map(toModel),

      relayObstacle: (request, dialect) =>
        dialect === 'anthropic-messages'
          ? messagesObstacle(request, messagesUrl)
          : 'the service is not known to be conformant',
      async relay(request, call) {
        if (!messages || request.dialect !== 'anthropic-messages') {
          throw new DragomanError('unsupported_endpoint', `Z.AI does not relay ${request.dialect}`)
        }
        const headers = authorization(call.credential)
        return relayMessages(messages, request, { call, path: '/v1/messages', headers, mapError })
      },

      endpoints: ['images/generations'],
      async serve({ model, body: asked }, call) {
        const { request, body } = await encodeImageRequest(model, asked, name)
        const headers = authorization(call.credential)
        const answer = await readJson(await http.post('/images/generations', { body, call, headers, mapError }))
        const { response_format: format } = request.fields
        const { signal } = call
        return imageAnswer(imagesIn(answer), { format, provider: name, now: clock.now(), signal, allow: mediaFrom })
      },

      async close() {
        await Promise.all([http.close(), messages?.close()])
      },
    }
  },
}

function authorization({ values: { apiKey } }: Credential): Readonly<Record<string, string>> {
  return apiKey ? { authorization: `Bearer ${apiKey.reveal()}` } : {}
}

function toModel(model: string): Model {
  return { id: model, object: 'model', created: 0, owned_by: id }
}

/** Z.AI puts what its search found beside the choices. */
function withCitations(chunk: ChatCompletionChunk): ChatCompletionChunk {
  const annotations = 'web_search' in chunk ? citationsOf(chunk.web_search) : []
  const [choice, ...others] = Array.isArray(chunk.choices) ? chunk.choices : []
  if (annotations.length === 0 || !choice) return chunk
  return { ...chunk, choices: [{ ...choice, delta: { ...choice.delta, annotations } }, ...others] }
}
