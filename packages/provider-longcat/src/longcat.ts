import {
  type Acceptance,
  type Call,
  DragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  untilStop,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { createCompatible, type OpenAICompatibleOptions } from '@dragoman/provider-openai-compatible'
import { abortOnLeave, createHttpClient, relayMessages } from '@dragoman/upstream'
import { encodeRequest } from './encode-request.ts'
import { hasFiles, withFilesInlined } from './inline-files.ts'
import { messagesObstacle } from './messages-obstacle.ts'
import { modelEntry, namedModel, needsSearch, seesImages, withAliases } from './model-names.ts'
import { checked, credential, fieldsBeyondTable, type LongCatOptions, options } from './options.ts'
import { promptedTools } from './prompted.ts'
import { withQuotaReset } from './quota-reset.ts'
import { refusal } from './text-only.ts'

const service = { id: 'longcat', name: 'LongCat' }

/** LongCat, by its documented API. */
export const longcat: ProviderFactory<LongCatOptions, LongCatOptions> = {
  id: service.id,
  options,
  credential,
  create: createLongCat,
}

function createLongCat(given: LongCatOptions, environment: ProviderEnvironment = {}): Provider {
  const { baseUrl, models, tools, keepFields } = checked(options, given, service.id)
  const { clock = systemClock, proxy, mediaFrom } = environment
  // The documentation writes the address with the dialect and without; the lists are beside the dialects.
  const root = baseUrl.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '')
  const dropFields = fieldsBeyondTable.filter((field) => !keepFields.includes(field))
  const quirks = {
    dropFields,
    cacheMarks: [],
    tokenLimitField: 'max_tokens',
    sendReasoningHistory: 'reasoning_content',
  } satisfies OpenAICompatibleOptions
  const mapError = (_: unknown, error: DragomanError) => withQuotaReset(error, clock.now())
  const chats = createCompatible({ baseUrl: `${root}/openai/v1`, ...quirks }, { ...service, mapError }, environment)
  const lists = createCompatible({ baseUrl: `${root}/v1` }, service, environment)
  const messages = createHttpClient({ provider: service.name, baseUrl: root, proxy, clock })
  const emulatesStop = !keepFields.includes('stop')

  const provider: Provider = {
    id: service.id,
    separatesReasoning: true,
    wantsReasoning: true,
    accepts,
    chat(request, call) {
      const refused = searchRefusal(request)
      if (!refused && !hasFiles(request)) return answer(request, call)
      return abortOnLeave(async (left) => {
        if (refused) throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
        const signal = AbortSignal.any([call.signal, left])
        const inlined = await withFilesInlined(request, { signal, allow: mediaFrom, clock })
        return answer(inlined, { ...call, signal })[Symbol.asyncIterator]()
      })
    },
    relayObstacle: (request, dialect) =>
      dialect === 'anthropic-messages' ? messagesObstacle(request) : chats.relayObstacle?.(request, dialect),
    relay(request, call) {
      if (request.dialect === 'anthropic-messages') {
        // Whether `x-api-key` works is not known.
        const headers = { authorization: `Bearer ${call.credential.values.apiKey?.reveal() ?? ''}` }
        return relayMessages(messages, request, { call, path: '/anthropic/v1/messages', headers })
      }
      throw new DragomanError('unsupported_endpoint', `LongCat does not relay ${request.dialect}`)
    },
    async models(call) {
      return withAliases(models ? models.map(modelEntry) : ((await lists.models?.(call)) ?? []))
    },
    async close() {
      await Promise.all([chats.close(), lists.close(), messages.close()])
    },
  }
  return lists.probe ? { ...provider, probe: lists.probe.bind(lists) } : provider

  function accepts(request: ChatCompletionRequest): Acceptance {
    const { model } = namedModel(request.model)
    const { request: encoded, lost } = encodeRequest(request)
    const left = chats.accepts?.(encoded).dropped ?? []
    const dropped = [...lost, ...left.filter((field) => field !== 'stop' && !lost.includes(field))]
    const refused = searchRefusal(request) ?? refusal(request, { kept: keepFields, takesImages: seesImages(model) })
    return { dropped, refused }
  }

  function answer(request: ChatCompletionRequest, call: Call): AsyncIterable<ChatCompletionChunk> {
    const prompt = tools === 'prompted' ? promptedTools(request) : undefined
    const { request: encoded } = encodeRequest(prompt?.request ?? request)
    const chunks = chats.chat(encoded, call)
    const read = prompt ? prompt.read(chunks) : chunks
    return emulatesStop ? untilStop(read, request) : read
  }
}

function searchRefusal({ model, web_search_options }: ChatCompletionRequest): Acceptance['refused'] {
  const message = "LongCat's API does not search the web; the session of an account (longcat-web) does"
  if (needsSearch(model)) return { param: 'model', message }
  return web_search_options ? { param: 'web_search_options', message } : undefined
}
