import {
  type AcquireCall,
  type Call,
  type Credential,
  DragomanError,
  isDragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  toDragomanError,
} from '@dragoman/core'
import { promptTools } from '@dragoman/normalizer'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  abortOnLeave,
  createHttpClient,
  createMadeChats,
  type HttpResponse,
  type Media,
  type RemovalCall,
  readJson,
} from '@dragoman/upstream'
import { z } from 'zod'
import { acceptsText } from '../accepts-text.ts'
import { asAnswer, chunkMaker } from '../answer-chunks.ts'
import { turnsOf, written } from '../transcript.ts'
import { attached } from './attachments.ts'
import { type BegunAnswer, beginAnswer, readFrame } from './begin-answer.ts'
import { mapSiteError, siteName } from './connect-error.ts'
import { encodeChat } from './encode-chat.ts'
import { encodeFrame } from './frames.ts'
import { beginChat, deleteChat, legacyChunks, legacyModels, talk } from './legacy-chat.ts'
import { findModel, listModels, modelNamed, type SiteModel, siteModel, siteModels } from './models.ts'
import { acquireSession } from './session.ts'
import { sessionHeaders } from './site-headers.ts'
import { uploadFile } from './uploads.ts'

const url = z.url({ protocol: /^https?$/ })

const options = z.strictObject({
  baseUrl: url.default('https://www.kimi.com').describe('Address of the site: www.kimi.com, or www.kimi.ai.'),
  authBaseUrl: url.default('https://auth.kimi.com').describe('Where sessions are renewed.'),
  legacy: z
    .boolean()
    .default(false)
    .describe('Whether the older calls are used, for renewing sessions too; its models are `kimi`, `k1` and `k2`.'),
  models: z
    .record(z.string(), siteModel)
    .optional()
    .describe('Its models: what clients call them, and what the site does.'),
  promptTools: z
    .boolean()
    .default(true)
    .describe('Whether tools are offered to the model by prompt, since the site has none. Otherwise they are a 400.'),
  keepChats: z
    .boolean()
    .default(false)
    .describe('Whether the conversations that are begun for answers stay on the account.'),
  clientVersion: z.string().default('1.0.0').describe('`x-msh-version`, the version of the protocol that is spoken.'),
  language: z.string().default('en-US').describe('`x-language`.'),
  timezone: z.string().default('UTC').describe('`r-timezone`, an IANA name.'),
  proxy: z.string().optional().describe('Outgoing proxy of this provider: an `http:`, `https:` or `socks5:` URL.'),
})

export type KimiWebOptions = z.output<typeof options>

export type KimiWebInput = z.input<typeof options>

/** Kimi by a session of your own account at kimi.com. */
export const kimiWeb: ProviderFactory<KimiWebOptions, KimiWebInput> = {
  id: 'kimi-web',
  isSession: true,
  options,
  credential: z.strictObject({
    token: z
      .string()
      .regex(/^[\x20-\x7e]*\S[\x20-\x7e]*$/, { error: 'expected a token without invisible characters' })
      .describe(
        'The refresh token of your own session (else its access token, or the cookie header with `kimi-auth`).',
      ),
  }),
  create: createWebProvider,
}

const chatPath = '/apiv2/kimi.gateway.chat.v1.ChatService/Chat'
const deletePath = '/apiv2/kimi.chat.v1.ChatService/DeleteChat'

function createWebProvider(given: KimiWebOptions, environment: ProviderEnvironment = {}): Provider {
  const settings = options.parse(given)
  const {
    keepChats,
    clientVersion: version,
    language,
    timezone,
    legacy: isLegacy,
    promptTools: promptsTools,
  } = settings
  const models = settings.models ?? (isLegacy ? legacyModels : siteModels)
  const { clock = systemClock } = environment
  const proxy = settings.proxy ?? environment.proxy
  const site = settings.baseUrl.replace(/\/+$/, '')
  const client = { site, version, language, timezone }
  const http = createHttpClient({ provider: siteName, baseUrl: site, proxy, clock: environment.clock })
  const authHttp = isLegacy
    ? http
    : createHttpClient({ provider: siteName, baseUrl: settings.authBaseUrl, proxy, clock: environment.clock })
  const headersOf = sessionHeaders(client)
  const chats = createMadeChats({ provider: 'kimi-web', clock, remove: keepChats ? undefined : remove })

  async function open(
    request: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    if (call.signal.aborted) throw toDragomanError(call.signal.reason, call.signal)
    const model = modelNamed(request.model, models)
    const within = { ...call, signal: AbortSignal.any([call.signal, left]) }
    const upload = (media: Media, action: 'image' | 'file') =>
      uploadFile(media, action, within, { http, proxy, clock, headersOf })
    const { messages, ids } = await attached(request.messages, within, environment.mediaFrom, upload)
    const text = written(turnsOf(promptTools({ ...request, messages }).messages))
    if (isLegacy) return openLegacy(text, ids, request, model, call, left)
    const ask = (making: Call, over: AbortSignal) => post(encodeChat(text, ids, request, model), making, over)
    const begun = await beginAnswer(ask, { chats, keepsChats: keepChats, call, left })
    return thenDo(asAnswer(chunksOf(begun, request.model), request), () => chats.end(begun.chatId, call))
  }

  async function post(body: object, call: Call, left: AbortSignal): Promise<HttpResponse> {
    const response = await http.post(chatPath, {
      call,
      left,
      body: encodeFrame(body),
      accept: 'text/event-stream', // streamed, whatever they call it: the limits of streams hold
      headers: {
        ...headersOf(call.credential),
        accept: '*/*',
        'content-type': 'application/connect+json',
        'connect-protocol-version': '1',
      },
      mapError: mapSiteError,
    })
    if (response.contentType !== 'application/json') return response
    await readJson(response) // throws what it reports
    throw new DragomanError('upstream_protocol', `${siteName} answered with JSON where a stream was asked for`, {
      origin: 'upstream',
    })
  }

  async function* chunksOf(
    { response, reader, frames, first, isOver: isShort }: BegunAnswer,
    model: string,
  ): AsyncGenerator<ChatCompletionChunk, undefined> {
    const chunk = chunkMaker(model, clock)
    for (const delta of first) yield chunk(delta)
    if (!isShort) {
      for await (const frame of frames) {
        const { deltas, isOver } = readFrame(frame, reader, response)
        for (const delta of deltas) yield chunk(delta)
        if (isOver) break
      }
    }
    if (reader.isComplete) yield chunk({}, 'stop')
    return undefined
  }

  async function openLegacy(
    text: string,
    ids: readonly string[],
    request: ChatCompletionRequest,
    model: SiteModel,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    const context = { http, call, left, headers: headersOf(call.credential) }
    const id = await chats.begin(call, left, (making) => beginChat({ http, call: making, headers: context.headers }))
    const over = () => chats.end(id, call)
    try {
      const response = await talk(id, text, ids, request, model, context)
      const chunks = legacyChunks(response, chunkMaker(request.model, clock))
      return thenDo(asAnswer(chunks, request), over)
    } catch (error) {
      over()
      throw error
    }
  }

  async function remove(id: string, call: RemovalCall): Promise<void> {
    if (id === '') return // the site named none
    const headers = headersOf(call.credential)
    if (isLegacy) return deleteChat(id, { http, call, headers })
    await readJson(await http.post(deletePath, { call, headers, body: { chat_id: id }, mapError: mapSiteError }))
  }

  return {
    id: 'kimi-web',
    readsMarkup: true,
    accepts: (request) =>
      acceptsText(request, {
        name: siteName,
        images: sees(request.model),
        reasoningEffort: true,
        search: true,
        promptsTools,
      }),
    chat: (request, call) => abortOnLeave((left) => open(request, call, left)),
    models: async () => listModels(models),
    acquire: (source, call) => acquireSession(source, call, { http: authHttp, isLegacy, client, clock }),
    probe,
    async close() {
      await chats.close()
      await Promise.all([http.close(), authHttp.close()])
    },
  }

  /** An unknown model is told as such, when it is called. */
  function sees(name: string): boolean {
    return findModel(name, models)?.sees ?? false
  }

  async function probe(held: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
    try {
      const headers = headersOf(held)
      await readJson(
        await http.get('/api/user', { call: { ...call, credential: held }, headers, mapError: mapSiteError }),
      )
      return 'ok'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the credential
    }
  }
}

/** Hands chunks on; `over` is called when they end or are left, even before the first of them was asked for. */
function thenDo(
  chunks: AsyncIterable<ChatCompletionChunk>,
  over: () => void,
): AsyncIterator<ChatCompletionChunk, undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  const done = { done: true, value: undefined } as const
  return {
    async next() {
      try {
        const result = await iterator.next()
        if (!result.done) return result
      } catch (error) {
        over()
        throw error
      }
      over()
      return done
    },
    async return() {
      over()
      await iterator.return?.()
      return done
    },
  }
}
