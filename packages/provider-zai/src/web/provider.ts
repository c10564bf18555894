import {
  type Call,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  untilStop,
} from '@dragoman/core'
import { normalizeStream, promptTools } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ContentPart,
  FunctionTool,
  Model,
} from '@dragoman/openai-schema'
import { abortOnLeave, createHttpClient, createMadeChats, events } from '@dragoman/upstream'
import { withTextFiles } from '../text-files.ts'
import { accepts } from './accepts.ts'
import { newChat, removeChat } from './chats.ts'
import { createWebDecoder } from './decode-answer.ts'
import { encodeRequest, variablesAt } from './encode-request.ts'
import { mapWebError } from './errors.ts'
import { forgetFrontEnd, frontEndVersion } from './front-end.ts'
import { encodeMessages, promptOf, type SitePart } from './messages.ts'
import { knownNames, webModel } from './models.ts'
import { credential, options, type ZaiWebOptions } from './options.ts'
import { probe } from './probe.ts'
import { acquire, type Session, sessionOf } from './session.ts'
import { sign } from './sign.ts'
import { uploadMedia } from './uploads.ts'

const id = 'zai-web'
/** What the site's page calls itself, also where it is reached by another address. */
const page = 'https://chat.z.ai'

/** chat.z.ai, by a session of your own account. Undocumented, and since May 2026 it mostly asks for a captcha. */
export const zaiWeb: ProviderFactory<ZaiWebOptions> = {
  id,
  isSession: true,
  options,
  credential,
  create: (given, environment) => createZaiWeb(given, environment),
}

/** The same with ids that a test can foresee. */
export function createZaiWeb(
  given: ZaiWebOptions,
  { clock = systemClock, proxy, mediaFrom }: ProviderEnvironment = {},
  newId: () => string = () => crypto.randomUUID(),
): Provider {
  const baseUrl = given.baseUrl?.replace(/\/+$/, '') ?? page
  const { language = 'en-US', timeZone = 'UTC' } = given
  const headers = { origin: page, 'accept-language': language }
  const http = createHttpClient({ provider: 'chat.z.ai', baseUrl, headers, clock, proxy })
  const now = () => clock.now()
  const chats = createMadeChats({ provider: id, clock, remove: (chat, call) => removeChat(http, chat, call) })

  return {
    id,
    readsMarkup: true,
    accepts: (request) => accepts(request, given),
    chat: (request, call) => abortOnLeave((left) => chat(request, call, left)),
    acquire: (source, call) => acquire(source, call, { http, guest: given.guest ?? false, now }),
    probe: (held, call) => probe(held, call, http),
    models: async () => [...knownNames, ...(given.models ?? [])].map(toModel),
    async close() {
      await chats.close()
      await http.close()
    },
  }

  async function chat(
    asked: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    const model = webModel(asked.model, given.models)
    const session = sessionOf(call.credential)
    const userMessageId = newId()
    const ref = model.chatFirst ? userMessageId : undefined
    const access = { signal: AbortSignal.any([call.signal, left]), allow: mediaFrom }
    const request = await withTextFiles(asked, access)
    const tools = { http, call, left, access, session, userMessageId: ref, newId, now }
    const { parts, files } = await uploadMedia(request, tools)
    const encodePart = (part: ContentPart): SitePart | undefined => parts.get(part) ?? asText(part)
    const functions = functionsOf(request)
    const isPrompted = (given.promptTools ?? true) && functions.length > 0
    // The history's calls and results have to become text in any case.
    const { messages: told } = promptTools({ ...request, tools: isPrompted ? functions : undefined })
    const messages = encodeMessages(told, encodePart)
    const prompt = promptOf(messages)

    const version = await frontEndVersion(http, call, left)
    const made = model.chatFirst
      ? await chats.begin(call, left, (making) =>
          newChat(http, { model, request, prompt, userMessageId, now: now() }, session, making),
        )
      : undefined
    try {
      const messageId = newId()
      const body = encodeRequest({
        request,
        model,
        messages,
        prompt,
        files,
        chat: { id: made ?? newId(), userMessageId },
        messageId,
        sessionId: newId(),
        variables: variablesAt(now(), timeZone, language),
      })
      const response = await complete(body, { prompt, session, version, call, left, isMade: made !== undefined })
      const { event } = createWebDecoder({
        id: `chatcmpl-${messageId}`,
        model: request.model,
        created: Math.floor(now() / 1000),
        tools: new Set(functions.map((tool) => tool.function.name)),
        errorFrom: (json) => response.errorFrom(json),
      })
      const leave = () => made !== undefined && chats.end(made, call)
      const chunks = answer(events(response, event), leave)
      const toolChoice = request.tool_choice
      const read = isPrompted
        ? normalizeStream(chunks, { format: prompted, tools: functions, toolChoice, startsIn: 'text' })
        : chunks
      return untilStop(read, request)[Symbol.asyncIterator]()
    } catch (error) {
      if (made !== undefined) chats.end(made, call)
      throw error
    }
  }

  /** The completion call, signed. Its URL holds the token: it is shown nowhere. */
  async function complete(
    body: Record<string, unknown>,
    about: { prompt: string; session: Session; version: string; call: Call; left: AbortSignal; isMade: boolean },
  ) {
    const { prompt, session, version, call, left, isMade } = about
    const { token, userId } = session
    const timestamp = now()
    const requestId = newId()
    const pathname = `/c/${body.chat_id}`
    const query = new URLSearchParams({
      timestamp: String(timestamp),
      requestId,
      user_id: userId,
      version: '0.0.1',
      platform: 'web',
      token,
      current_url: `${page}${pathname}`,
      pathname,
      signature_timestamp: String(timestamp),
    })
    return http.post(`/api/v2/chat/completions?${query}`, {
      body,
      call,
      left,
      accept: 'text/event-stream',
      headers: {
        accept: isMade ? '*/*' : 'application/json',
        authorization: `Bearer ${token}`,
        referer: `${page}${pathname}`,
        'x-fe-version': version,
        'x-signature': sign(given.signingKey, { requestId, timestamp, userId, prompt }),
      },
      mapError(answered) {
        if (answered.status === 400) forgetFrontEnd(call)
        return mapWebError(answered)
      },
    })
  }
}

/** Ends with the finish reason: whether the site says more, and whether it closes then, is not to be relied on. */
async function* answer(
  chunks: AsyncIterable<ChatCompletionChunk>,
  ended: () => void,
): AsyncGenerator<ChatCompletionChunk, undefined> {
  try {
    for await (const chunk of chunks) {
      yield chunk
      if (chunk.choices[0]?.finish_reason) return undefined
    }
    return undefined
  } finally {
    ended()
  }
}

function functionsOf({ tools }: ChatCompletionRequest): FunctionTool[] {
  return (tools ?? []).filter((tool) => tool.type === 'function')
}

function asText(part: ContentPart): SitePart | undefined {
  if (part.type === 'text') return { type: 'text', text: part.text }
  return part.type === 'refusal' ? { type: 'text', text: part.refusal } : undefined
}

function toModel(name: string): Model {
  return { id: name, object: 'model', created: 0, owned_by: id }
}
