import type { Call, Provider, ProviderEnvironment } from '@dragoman/core'
import { DragomanError, isDragomanError, systemClock, untilStop } from '@dragoman/core'
import { normalizeStream, promptTools } from '@dragoman/normalizer'
import { prompted } from '@dragoman/normalizer/formats/prompted'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { abortOnLeave, createMadeChats, events, isEventStream, readJson, renewOnce } from '@dragoman/upstream'
import { isSearch } from '../search-tool.ts'
import { accepts } from './accepts.ts'
import { AnswerDecoder } from './decode-answer.ts'
import { encodeNewChat, encodeTurn, readWishes, type Turn } from './encode-turn.ts'
import { imageEndpoints, serveImages } from './image-endpoints.ts'
import { readVariant } from './model-variant.ts'
import { assertServed, decodeModels, foundingModels, type ListedModels } from './models.ts'
import type { QwenWebOptions } from './options.ts'
import { readMedia } from './read-media.ts'
import { recordOf, textOf } from './record.ts'
import { acquireSession } from './sign-in.ts'
import { createSite } from './site.ts'
import { CHAT_UNUSABLE, reportsError } from './site-error.ts'
import { lastImageIn, storedImages } from './stored-images.ts'
import { transcriptOf } from './transcript.ts'
import { uploadImage } from './upload.ts'

const id = 'qwen-web'

/** An answer that has begun. */
interface Started {
  readonly chatId: string
  readonly decoder: AnswerDecoder
  readonly chunks: AsyncIterator<ChatCompletionChunk, undefined>
  readonly first: IteratorResult<ChatCompletionChunk, undefined>
}

export function createQwenWeb(options: QwenWebOptions, environment: ProviderEnvironment = {}): Provider {
  const { clock = systemClock, proxy, mediaFrom } = environment
  const { webVersion, uploadBaseUrl, deleteChats, promptTools: promptsTools } = options
  const site = createSite({ ...options, clock, proxy })
  const chats = createMadeChats({ provider: id, clock, remove: deleteChats ? site.deleteChat : undefined })
  /** What the last answer to `models` said. */
  let listed: ListedModels | undefined

  return {
    id,
    readsMarkup: true,
    accepts: (request) => accepts(request, { listed, promptsTools }),
    chat: chatFor,
    endpoints: imageEndpoints,
    serve: (request, call) => serveImages(request, call, { clock, mediaFrom, chat: chatFor }),
    acquire: (source, call) =>
      acquireSession(source, call, { http: site.http, origin: site.origin, webVersion, clock }),

    async models(call) {
      try {
        const response = await site.get('/api/models', { call })
        const answer = await readJson(response)
        if (reportsError(answer)) throw response.errorFrom(answer)
        listed = decodeModels(answer)
      } catch (error) {
        // Models are rarely what fails: the names that were known serve on.
        if (!isDragomanError(error) || error.scope !== 'upstream') throw error
      }
      return listed?.models ?? foundingModels
    },

    async close() {
      await chats.close()
      await site.close()
    },
  }

  function chatFor(request: ChatCompletionRequest, call: Call): AsyncIterable<ChatCompletionChunk> {
    return abortOnLeave((left) => chat(request, call, left))
  }

  async function chat(
    request: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    assertServed(request.model, listed)
    const turn = await encode(request, call, left)
    const started = await renewOnce(
      () => start(turn, request.model, call, left),
      () => undefined, // each start has a chat of its own
      (error) => isDragomanError(error) && error.publicCode === CHAT_UNUSABLE,
    )
    const chunks = withMarkup(answer(started, turn, call, left), request)
    return untilStop(chunks, request)[Symbol.asyncIterator]()
  }

  async function encode(request: ChatCompletionRequest, call: Call, left: AbortSignal): Promise<Turn> {
    const signal = AbortSignal.any([call.signal, left])
    const upload = (file: Parameters<typeof uploadImage>[0]) =>
      uploadImage(file, call, left, { site, clock, uploadBaseUrl })
    // First, while messages and parts are still where the client put them: an error names the place.
    const media = await readMedia(request, { signal, allow: mediaFrom, upload })
    const text = transcriptOf(promptTools(media.request).messages)
    const read = readVariant(request.model, listed?.ids)
    const searches = request.web_search_options || request.tools?.some(isSearch)
    const named = searches && read.chatType === 't2t' ? { ...read, chatType: 'search' as const } : read
    const { variant, images } = withImages(named, media.images, text)
    return { variant, text, images, ...readWishes(request, variant) }
  }

  async function start(turn: Turn, model: string, call: Call, left: AbortSignal): Promise<Started> {
    const chatId = await chats.begin(call, left, async (making) => {
      const response = await site.post('/api/v2/chats/new', {
        call: making,
        body: encodeNewChat(turn.variant, clock.now()),
      })
      const answer = await readJson(response)
      if (reportsError(answer)) throw response.errorFrom(answer)
      const made = textOf(recordOf(recordOf(answer).data).id)
      if (!made) throw protocolError('made a chat without an id')
      return made
    })
    try {
      const response = await site.post(`/api/v2/chat/completions?chat_id=${encodeURIComponent(chatId)}`, {
        call,
        left,
        body: encodeTurn(turn, chatId, clock.now()),
        accept: 'text/event-stream',
      })
      const errorFrom = (json: unknown) => response.errorFrom(json)
      if (!isEventStream(response)) {
        const answer = await readJson(response)
        throw reportsError(answer) ? errorFrom(answer) : protocolError('answered with JSON where events were asked for')
      }
      const created = Math.floor(clock.now() / 1000)
      const makesImages = ['t2i', 'image_edit'].includes(turn.variant.chatType)
      const decoder = new AnswerDecoder({ id: `chatcmpl-${chatId}`, model, created, makesImages, errorFrom })
      const chunks = events(response, decoder.event)
      return { chatId, decoder, chunks, first: await chunks.next() }
    } catch (error) {
      chats.end(chatId, call)
      throw error
    }
  }

  async function* answer(
    { chatId, decoder, chunks, first }: Started,
    { variant: { chatType } }: Turn,
    call: Call,
    left: AbortSignal,
  ): AsyncGenerator<ChatCompletionChunk> {
    try {
      for (let item = first; !item.done; item = await chunks.next()) yield item.value
      if (chatType !== 't2i' && chatType !== 'image_edit') return
      if (!decoder.hasContent) {
        for (const url of await storedImages(chatId, call, left, site)) yield* decoder.image(url)
      }
      // A picture is there or not: nothing has to say that it is complete.
      if (decoder.hasContent) yield* decoder.finish()
    } finally {
      await chunks.return?.()
      chats.end(chatId, call)
    }
  }
}

/** Tools are told and called in text; without any, text is text. */
function withMarkup(
  chunks: AsyncIterable<ChatCompletionChunk>,
  { tools, functions, tool_choice }: ChatCompletionRequest,
): AsyncIterable<ChatCompletionChunk> {
  const offered = [
    ...(tools ?? []).flatMap((tool) => {
      if (tool.type === 'function') return [tool.function]
      return tool.type === 'custom' ? [{ name: tool.custom.name }] : []
    }),
    ...(functions ?? []),
  ].map((definition) => ({ type: 'function' as const, function: definition }))
  if (offered.length === 0) return chunks
  return normalizeStream(chunks, { format: prompted, tools: offered, toolChoice: tool_choice, startsIn: 'text' })
}

/** An edit needs something to edit: what came with the request, else the last picture of the conversation. */
function withImages(
  variant: Turn['variant'],
  images: readonly string[],
  text: string,
): Pick<Turn, 'variant' | 'images'> {
  if (variant.chatType !== 'image_edit' || images.length > 0) return { variant, images }
  const last = lastImageIn(text)
  return last ? { variant, images: [last] } : { variant: { ...variant, chatType: 't2i' }, images }
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `chat.qwen.ai ${what}`, { origin: 'upstream' })
}
