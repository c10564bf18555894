import {
  type AcquireCall,
  type Call,
  type Credential,
  DragomanError,
  isDragomanError,
  type Provider,
  type ProviderEnvironment,
  systemClock,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  abortOnLeave,
  createHttpClient,
  events,
  type HttpResponse,
  isEventStream,
  type MapError,
  type RequestOptions,
  readJson,
} from '@dragoman/upstream'
import { modelNames, resolveModel } from '../models.ts'
import { plainMessages } from '../plain-messages.ts'
import { readAnswer } from '../read-answer.ts'
import type { K2ThinkWebOptions } from '../web.ts'
import { accepts } from './accepts.ts'
import { acquireSession, type CookieJar, cookieHeader, jarOf, keepCookies } from './session.ts'
import { accountBody, guestBody, variablesAt } from './site-body.ts'
import { mapSiteError, siteName } from './site-errors.ts'
import { SiteDecoder } from './site-frames.ts'

type Chunk = ChatCompletionChunk

export type NewId = () => string

/** The model thinks for minutes, and whether the site answers before it has finished is not known. */
const headersMs = 300_000

export function createSite(
  id: string,
  given: K2ThinkWebOptions,
  { clock = systemClock, proxy, mediaFrom }: ProviderEnvironment = {},
  newId: NewId = () => crypto.randomUUID(),
): Provider {
  const { models, upstreamStream = 'auto', guest = false, timezone = 'UTC' } = given
  // Older settings name the whole address of the completions.
  const baseUrl = (given.baseUrl ?? 'https://www.k2think.ai').replace(/\/api\/chat\/completions\/?$/, '')
  const { origin } = new URL(baseUrl)
  const http = createHttpClient({
    provider: siteName,
    baseUrl,
    headers: given.headers,
    proxy: given.proxy ?? proxy,
    clock,
  })
  const isStreamed = upstreamStream === 'auto'
  /** Of the one guest there is: what the site has set, such as the count of his turns. */
  const guestCookies: CookieJar = new Map()

  /** Without the token as a cookie too the site answers 405. */
  function identify(credential: Credential): Record<string, string> {
    const { token, cookies } = credential.values
    if (token) return { authorization: `Bearer ${token.reveal()}`, cookie: `token=${token.reveal()}` }
    if (cookies) {
      if (guestCookies.size === 0) for (const [name, value] of jarOf(credential)) guestCookies.set(name, value)
      return { cookie: cookieHeader(guestCookies) }
    }
    throw new DragomanError('credential_rejected', `${siteName}: the credential ${credential.id} is no session`)
  }

  /** A refusal may count his turns as well. */
  const mapGuestError: MapError = (response) => {
    keepCookies(guestCookies, response.headers)
    return mapSiteError(response)
  }

  async function ask(request: ChatCompletionRequest, call: Call, model: string): Promise<HttpResponse> {
    const identity = identify(call.credential)
    const messages = await plainMessages(request, { signal: call.signal, allow: mediaFrom })
    const question = { request, model, messages, isStreamed }
    const ids = { chat: newId(), message: newId(), session: newId() }
    const isGuest = identity.authorization === undefined
    const response = await http.post(isGuest ? '/api/guest/chat/completions' : '/api/chat/completions', {
      call: { ...call, limits: { headersMs, ...call.limits } },
      body: isGuest ? guestBody(question) : accountBody(question, ids, variablesAt(clock.now(), timezone)),
      headers: { ...identity, origin, referer: isGuest ? `${origin}/guest` : `${origin}/c/${ids.chat}` },
      accept: isStreamed ? 'text/event-stream,application/json' : 'application/json',
      mapError: isGuest ? mapGuestError : mapSiteError,
    })
    if (isGuest) keepCookies(guestCookies, response.headers)
    return response
  }

  async function* chunksOf(response: HttpResponse, model: string): AsyncGenerator<Chunk, undefined> {
    const head = { id: `chatcmpl-${newId()}`, created: Math.floor(clock.now() / 1000), model }
    const decoder = new SiteDecoder({ errorFrom: (json) => response.errorFrom(json), head })
    if (isEventStream(response)) {
      yield* events(response, (event) => decoder.event(event))
      yield* decoder.end()
    } else yield* decoder.whole(await readJson(response))
    return undefined
  }

  async function probe(credential: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
    const asked: RequestOptions = {
      call: { ...call, credential },
      headers: identify(credential),
      mapError: mapSiteError,
    }
    try {
      if (credential.values.token) await readJson(await http.get('/api/models', asked))
      else (await http.get('/guest', { ...asked, accept: 'text/html' })).body.release()
      return 'ok'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the session
    }
  }

  return {
    id,
    answersWhole: !isStreamed,
    // What is left in its text after `readAnswer` is meant to be there.
    readsMarkup: true,
    accepts: (request) => accepts(request, given),
    chat: (request, call) =>
      abortOnLeave(async (left) => {
        const { id: model, hidesReasoning } = resolveModel(request.model, models)
        const response = await ask(request, { ...call, signal: AbortSignal.any([call.signal, left]) }, model)
        return readAnswer(chunksOf(response, model), request, { hidesReasoning })[Symbol.asyncIterator]()
      }),
    models: async () =>
      modelNames(models).map((name) => ({ id: name, object: 'model' as const, created: 0, owned_by: id })),
    acquire: (source, call) =>
      acquireSession(source, call, { http, origin, clock, guestCookies: guest ? guestCookies : undefined }),
    probe,
    close: () => http.close(),
  }
}
