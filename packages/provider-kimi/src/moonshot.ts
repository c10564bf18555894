import {
  type Acceptance,
  type Call,
  type Credential,
  DragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { createCompatible } from '@dragoman/provider-openai-compatible'
import { abortOnLeave, createHttpClient, relayMessages } from '@dragoman/upstream'
import { z } from 'zod'
import { hasForeignMedia, withOwnMedia } from './moonshot-media.ts'
import { modelTraits } from './moonshot-models.ts'
import { encodeMoonshot, firstMedia } from './moonshot-request.ts'
import { searched } from './moonshot-search.ts'
import { withCachedTokens } from './moonshot-usage.ts'

const baseUrls = { global: 'https://api.moonshot.ai/v1', cn: 'https://api.moonshot.cn/v1' } as const

const options = z.strictObject({
  region: z
    .enum(['global', 'cn'])
    .default('global')
    .describe('Which of the two platforms the keys are of: platform.kimi.ai (global) or platform.kimi.com (cn).'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Another address of the API, in place of the region's."),
  keepSampling: z
    .boolean()
    .default(false)
    .describe('Whether `kimi-*` models are sent temperature, top_p and penalties, which those since K2.5 refuse.'),
  models: z
    .array(z.string())
    .optional()
    .describe('The models it serves. Without it the service is asked for its list.'),
  proxy: z.string().optional().describe('Outgoing proxy of this provider: an `http:`, `https:` or `socks5:` URL.'),
})

export type KimiOptions = z.output<typeof options>

export type KimiInput = z.input<typeof options>

/** Kimi by the documented API of Moonshot's platform. */
export const kimi: ProviderFactory<KimiOptions, KimiInput> = {
  id: 'kimi',
  options,
  credential: z.strictObject({
    apiKey: z
      .string()
      .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
      .describe('A key of the platform, `sk-…`. It belongs to one region.'),
  }),
  create: createMoonshot,
}

function createMoonshot(given: KimiOptions, environment?: ProviderEnvironment): Provider {
  const { region = 'global', keepSampling = false, baseUrl = baseUrls[region], models, proxy } = given
  const inner = createCompatible(
    {
      baseUrl,
      tokenLimitField: 'max_completion_tokens',
      sendReasoningHistory: 'reasoning_content',
      // 400: tools know no `strict`.
      dropFields: ['tools[].function.strict'],
      cacheMarks: [],
      unsupported: ['logprobs', 'audio'],
      ...(models && { models }),
      ...(proxy !== undefined && { proxy }),
    },
    { id: 'kimi', name: 'Moonshot', mapError: (_, error) => withRegion(error, region) },
    environment,
  )
  const { probe } = inner
  const messages = createHttpClient({
    provider: 'Moonshot',
    baseUrl: new URL(baseUrl).origin,
    proxy: proxy ?? environment?.proxy,
    clock: environment?.clock,
  })
  return {
    id: inner.id,
    separatesReasoning: true,
    wantsReasoning: true,
    accepts: (request) => accepts(request, keepSampling, inner),
    prefill: () => 'partial',
    chat,
    models: async (call) => (await inner.models?.(call)) ?? [],
    ...(probe && { probe }),
    relayObstacle: (request, dialect) =>
      dialect === 'anthropic-messages' ? messagesObstacle(request) : inner.relayObstacle?.(request, dialect),
    relay: (request, call) =>
      request.dialect === 'anthropic-messages'
        ? relayMessages(messages, request, { call, path: '/anthropic/v1/messages', headers: bearer(call.credential) })
        : (inner.relay?.(request, call) ?? Promise.reject(new DragomanError('internal', 'Nothing can be relayed'))),
    async close() {
      await Promise.all([inner.close(), messages.close()])
    },
  }

  /** A request of which something is left out or replaced has to be written anew. */
  function messagesObstacle(request: ChatCompletionRequest): string | undefined {
    // Only there is it known to be spoken; the coding plan has another place for it.
    if (new URL(baseUrl).pathname.replace(/\/+$/, '') !== '/v1') return 'it is not known where Messages are spoken'
    const { dropped, searches } = encodeMoonshot(request, keepSampling)
    if (dropped.length > 0) return `${dropped[0]} is left out`
    if (searches) return 'the search is run here'
    return hasForeignMedia(request.messages) ? 'media are fetched here' : undefined
  }

  function chat(given: ChatCompletionRequest, call: Call): AsyncIterable<ChatCompletionChunk> {
    const { request, searches } = encodeMoonshot(given, keepSampling)
    const send = (next: ChatCompletionRequest, within: Call): AsyncIterableIterator<ChatCompletionChunk, undefined> =>
      withUsage(inner.chat(next, within))
    if (!searches && !hasForeignMedia(request.messages)) return send(request, call)
    return abortOnLeave(async (left) => {
      const within = { ...call, signal: AbortSignal.any([call.signal, left]) }
      const messages = await withOwnMedia(request.messages, { signal: within.signal, allow: environment?.mediaFrom })
      const ready = { ...request, messages }
      return searches ? searched(ready, (next) => send(next, within)) : send(ready, within)[Symbol.asyncIterator]()
    })
  }
}

function bearer({ values: { apiKey } }: Credential): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${apiKey?.reveal() ?? ''}` }
}

function accepts(request: ChatCompletionRequest, keepSampling: boolean, inner: Provider): Acceptance {
  const encoded = encodeMoonshot(request, keepSampling)
  const { dropped = [], refused } = inner.accepts?.(encoded.request) ?? {}
  return { dropped: [...encoded.dropped, ...dropped], refused: refused ?? refusal(request, keepSampling) }
}

function refusal({ model, n, messages }: ChatCompletionRequest, keepSampling: boolean): Acceptance['refused'] {
  const traits = modelTraits(model)
  if (traits.hasFixedSampling && !keepSampling && typeof n === 'number' && n > 1) {
    return { param: 'n', message: `n: ${model} gives one choice only` }
  }
  const media = traits.sees ? undefined : firstMedia(messages)
  return media === undefined ? undefined : { param: media, message: `${media}: ${model} is not known to see images` }
}

/** Chunks with their usage where clients look for it. */
function withUsage(chunks: AsyncIterable<ChatCompletionChunk>): AsyncIterableIterator<ChatCompletionChunk, undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  // No generator: that would let go of the source only when a pending item has come.
  const source: AsyncIterableIterator<ChatCompletionChunk, undefined> = {
    next: async () => {
      const result = await iterator.next()
      return result.done ? result : { done: false, value: withCachedTokens(result.value) }
    },
    return: async () => {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => source,
  }
  return source
}

/** A refused key, with the usual reason. */
function withRegion(error: DragomanError, region: KimiOptions['region']): DragomanError {
  if (error.code !== 'credential_rejected') return error
  const { origin, cause } = error
  const message = `${error.message} (a key is of one platform only: is this one of region ${region}?)`
  return new DragomanError('credential_rejected', message, { origin, cause })
}
