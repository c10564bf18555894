import { type Call, DragomanError, type Provider, type ProviderFactory, systemClock } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import { createDecoder } from '@dragoman/provider-openai-compatible'
import {
  abortOnLeave,
  createHttpClient,
  END,
  events,
  type HttpClient,
  isEventStream,
  readJson,
  type StreamEvent,
} from '@dragoman/upstream'
import { accepts } from './accepts.ts'
import { acquire } from './acquire.ts'
import { encodeRequest } from './encode-request.ts'
import { endpointOf, needsProject } from './endpoint.ts'
import { mapGoogleError, name, unwrapped } from './map-error.ts'
import { knownModels, readModel } from './model-name.ts'
import { credential, options, type VertexOptions } from './options.ts'
import { hasRemoteImages, type MediaAccess, withImageData } from './own-media.ts'
import { readChunk } from './read-chunk.ts'

const id = 'vertex'

/** Vertex AI of Google Cloud: Gemini and the open models that Google serves, by its OpenAI-compatible endpoint. */
export const vertex: ProviderFactory<VertexOptions> = {
  id,
  options,
  credential,
  create(given, { clock = systemClock, proxy, mediaFrom } = {}): Provider {
    const { thoughts = true, tokenOrigins = [] } = given
    const mapError = mapGoogleError(clock)
    const clients = new Map<string, HttpClient>()
    /** There are as many origins as the operator's locations. */
    const client = (origin: string): HttpClient => {
      const known = clients.get(origin) ?? createHttpClient({ provider: name, baseUrl: origin, clock, proxy })
      clients.set(origin, known)
      return known
    }
    return {
      id,
      separatesReasoning: 'mostly',
      wantsReasoning: true,
      accepts: (request) => accepts(request, given),
      chat: (request, call) => abortOnLeave((left) => chat(request, call, left)),
      models: async () => idsOf(given).map(toModel),
      acquire: (source, call) => acquire(source, call, { client, tokenOrigins, clock }),
      async close() {
        await Promise.all([...clients.values()].map((each) => each.close()))
      },
    }

    async function chat(
      asked: ChatCompletionRequest,
      call: Call,
      left: AbortSignal,
    ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
      const { accessToken, project, userProject } = call.credential.values
      const { origin, path } = endpointOf(readModel(asked.model).id, projectOf(given, project?.reveal()), given)
      const request = hasRemoteImages(asked.messages)
        ? { ...asked, messages: await withImageData(asked.messages, mediaAccess(call, left)) }
        : asked
      const billed = given.userProject ?? userProject?.reveal()
      const response = await client(origin).post(path, {
        body: encodeRequest(request, thoughts),
        // Without the names of projects, which errors may well tell.
        call: { ...call, credential: { id: call.credential.id, values: accessToken ? { accessToken } : {} } },
        left,
        headers: {
          ...(accessToken && { authorization: `Bearer ${accessToken.reveal()}` }),
          ...(billed !== undefined && { 'x-goog-user-project': billed }),
        },
        accept: 'text/event-stream',
        mapError,
      })
      const errorFrom = (json: unknown) => response.errorFrom(json)
      const decoder = createDecoder({ name, errorFrom, usesFunctions: false })
      if (isEventStream(response)) {
        return events(response, (event) => {
          const chunks = decoder.event(withoutArray(event))
          return chunks === END ? END : chunks.map(readChunk)
        })
      }
      const whole = decoder.completion(unwrapped(await readJson(response)))
      const chunks = whole.map(readChunk).values()
      return { next: async () => chunks.next() }
    }

    function mediaAccess({ signal }: Call, left: AbortSignal): MediaAccess {
      return { signal: AbortSignal.any([signal, left]), allow: mediaFrom }
    }
  },
}

function projectOf(options: VertexOptions, known: string | undefined): string {
  const project = options.project ?? known
  if (project !== undefined) return project
  if (!needsProject(options)) return ''
  const message = `${name} is called for a project: the credential names none, so the option project has to`
  throw new DragomanError('credential_rejected', message)
}

/** Errors come in an array of one, also in a stream. */
function withoutArray(event: StreamEvent): StreamEvent {
  const { data } = event
  if (!data.startsWith('[{')) return event
  try {
    const [first]: unknown[] = JSON.parse(data)
    return { ...event, data: JSON.stringify(first) ?? '' }
  } catch {
    return event // the decoder says what is wrong with it
  }
}

function idsOf({ models }: VertexOptions): readonly string[] {
  if (models === undefined) return knownModels
  return Array.isArray(models) ? models : Object.keys(models)
}

function toModel(model: string): Model {
  return { id: model, object: 'model', created: 0, owned_by: id }
}
