import {
  type Acceptance,
  type AcquireCall,
  type Call,
  type Credential,
  isDragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  untilStop,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  abortOnLeave,
  createHttpClient,
  createMadeChats,
  events,
  type HttpResponse,
  readJson,
} from '@dragoman/upstream'
import { fieldsOf } from './fields-of.ts'
import { hasFiles, withFilesInlined } from './inline-files.ts'
import { checked } from './options.ts'
import { promptedTools } from './prompted.ts'
import { transcriptOf } from './transcript.ts'
import { callableOnly, webAcceptance } from './web-acceptance.ts'
import { webConversations } from './web-conversations.ts'
import { mapWebError } from './web-errors.ts'
import { FrameDecoder } from './web-frames.ts'
import { switchesOf, webModels } from './web-models.ts'
import { type LongCatWebOptions, webCredential, webOptions } from './web-options.ts'
import { sessionOf, webHeaders } from './web-session.ts'

const id = 'longcat-web'

/** How long an account rests that asked too fast, where the site does not say. */
const REST_MS = 15_000

/** A session of an account of your own at longcat.chat, which is not documented. */
export const longcatWeb: ProviderFactory<LongCatWebOptions, LongCatWebOptions> = {
  id,
  isSession: true,
  options: webOptions,
  credential: webCredential,
  create: createLongCatWeb,
}

function createLongCatWeb(given: LongCatWebOptions, environment: ProviderEnvironment = {}): Provider {
  const options = checked(webOptions, given, id)
  const { clock = systemClock, proxy, mediaFrom } = environment
  const { baseUrl, appKey, language, agentId, protocol } = options
  const http = createHttpClient({ provider: 'LongCat', baseUrl, proxy, clock })
  const site = { origin: new URL(baseUrl).origin, appKey, language }
  const { create, remove } = webConversations({ ...site, http, clock, agentId: protocol === 'v1' ? '' : agentId })
  const conversations = createMadeChats({
    provider: id,
    clock,
    remove: options.keepConversations ? undefined : remove,
  })
  const path = options.completionPath ?? paths[protocol]

  return {
    id,
    readsMarkup: true,
    accepts: (request): Acceptance => webAcceptance(request, options.promptTools),
    chat: (request, call) => abortOnLeave((left) => chat(request, call, left)),
    models: async () => webModels(),
    probe,
    async close() {
      await conversations.close()
      await http.close()
    },
  }

  async function chat(request: ChatCompletionRequest, call: Call, left: AbortSignal) {
    const switches = switchesOf(request)
    const signal = () => AbortSignal.any([call.signal, left])
    const whole = hasFiles(request)
      ? await withFilesInlined(request, { signal: signal(), allow: mediaFrom, clock })
      : request
    const prompt = promptedTools(callableOnly(whole))
    const content = transcriptOf(prompt.request.messages)
    const session = sessionOf(call.credential)
    const conversationId = await conversations.begin(call, left, create)
    const discard = () => conversations.end(conversationId, call)
    try {
      const question = { conversationId, content, ...switches, parentMessageId: 0 }
      const response = await http.post(path, {
        call: { ...call, credential: session.credential },
        left,
        body: protocol === 'v1' ? question : { ...question, agentId, regenerate: 0, files: [] },
        headers: webHeaders(session, site, conversationId),
        accept: 'text/event-stream,application/json',
        mapError: mapWebError(clock, REST_MS),
      })
      const read = prompt.read(answer(request, response, discard))
      return untilStop(read, request)[Symbol.asyncIterator]()
    } catch (error) {
      discard()
      throw error
    }
  }

  async function* answer(
    { model }: ChatCompletionRequest,
    response: HttpResponse,
    discard: () => void,
  ): AsyncGenerator<ChatCompletionChunk> {
    const decoder = new FrameDecoder({
      head: {
        id: `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`,
        created: Math.floor(clock.now() / 1000),
        model,
      },
      errorFrom: (json) => response.errorFrom(json),
    })
    try {
      // Errors come as bare JSON, and then under either content type: `events` knows them by their first character.
      for await (const chunk of events(response, (event) => decoder.event(event))) {
        yield chunk
        if (chunk.choices[0]?.finish_reason) return
      }
    } finally {
      discard()
    }
  }

  /** Who is signed in, which makes no conversation. */
  async function probe(held: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'> {
    const session = sessionOf(held)
    try {
      const response = await http.get('/api/v1/user-current', {
        call: { ...call, credential: session.credential },
        headers: webHeaders(session, site),
        mapError: mapWebError(clock),
      })
      const json = fieldsOf(await readJson(response))
      if (Number(json.code ?? 0) !== 0) throw response.errorFrom(json)
      const { loginStatus, userId } = fieldsOf(json.data)
      return Number(loginStatus ?? 0) === 1 || (loginStatus === undefined && Boolean(userId)) ? 'ok' : 'rejected'
    } catch (error) {
      if (!isDragomanError(error)) throw error
      if (error.code === 'credential_rejected') return 'rejected'
      if (error.code === 'upstream_challenge') return 'challenged'
      throw error // it says nothing about the credential
    }
  }
}

const paths = { v2: '/api/v1/chat-completion-V2', v1: '/api/v1/chat-completion' } as const
