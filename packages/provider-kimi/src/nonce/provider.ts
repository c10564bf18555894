import {
  type Call,
  DragomanError,
  type Provider,
  type ProviderEnvironment,
  type ProviderFactory,
  systemClock,
  toDragomanError,
} from '@dragoman/core'
import { promptTools } from '@dragoman/normalizer'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { abortOnLeave } from '@dragoman/upstream'
import { z } from 'zod'
import { acceptsText } from '../accepts-text.ts'
import { asAnswer, chunkMaker } from '../answer-chunks.ts'
import { withInlinedFiles } from '../inline-files.ts'
import { type Turn, turnsOf } from '../transcript.ts'
import { appendTurns, conversationKey, readConversation } from './conversations.ts'
import { fitted } from './fitted.ts'
import { newSessionId } from './session-id.ts'
import { createSite, siteName } from './site.ts'

/** Said at start and with each model. */
export const notice = `kimi-nonce sends everything to ${siteName}, a third-party site that is not Moonshot's`

const options = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default(`https://${siteName}`)
    .describe('Address of the site.'),
  models: z
    .record(z.string(), z.string())
    .default({
      'kimi-k2-instruct-0905': 'moonshotai/Kimi-K2-Instruct-0905',
      'kimi-k2-instruct': 'moonshotai/Kimi-K2-Instruct',
    })
    .describe('Its models: what clients call them, and what the site does.'),
  conversations: z
    .enum(['byUser', 'off'])
    .default('byUser')
    .describe('Whether the conversation of a `user` is kept for clients that send new messages only.'),
  conversationTtlMs: z.int().positive().default(3_600_000).describe('How long after its last use it is kept.'),
  maxTurns: z.int().positive().default(20).describe('Questions, with their answers, that are kept of it.'),
  maxCharacters: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Longest text that is sent; the oldest turns are left out for it. 0: no limit.'),
  promptTools: z
    .boolean()
    .default(true)
    .describe('Whether tools are offered to the model by prompt, since the site has none. Otherwise they are a 400.'),
  proxy: z.string().optional().describe('Outgoing proxy of this provider: an `http:`, `https:` or `socks5:` URL.'),
})

export type KimiNonceOptions = z.output<typeof options>

export type KimiNonceInput = z.input<typeof options>

/** Kimi K2 by a third-party site that asks for a page nonce and no account. */
export const kimiNonce: ProviderFactory<KimiNonceOptions, KimiNonceInput> = {
  id: 'kimi-nonce',
  isSession: true,
  options,
  credential: z.strictObject({}),
  create: createNonceProvider,
}

function createNonceProvider(given: KimiNonceOptions, environment: ProviderEnvironment = {}): Provider {
  const settings = options.parse(given)
  const { models, conversationTtlMs: ttlMs, maxTurns, maxCharacters, promptTools: promptsTools } = settings
  const { clock = systemClock } = environment
  const baseUrl = settings.baseUrl.replace(/\/+$/, '')
  const site = createSite(baseUrl, settings.proxy ?? environment.proxy, environment)
  sayOnce()

  async function open(
    given: ChatCompletionRequest,
    call: Call,
    left: AbortSignal,
  ): Promise<AsyncIterator<ChatCompletionChunk, undefined>> {
    if (call.signal.aborted) throw toDragomanError(call.signal.reason, call.signal)
    const model = upstreamModel(given.model)
    const messages = await withInlinedFiles(given.messages, {
      signal: AbortSignal.any([call.signal, left]),
      allow: environment.mediaFrom,
    })
    const turns = turnsOf(promptTools({ ...given, messages }).messages)

    const isKept = settings.conversations === 'byUser'
    const key = isKept ? await conversationKey(given, call, baseUrl) : undefined
    const known = key === undefined ? undefined : await readConversation(call.state, key)
    const session = known?.session ?? newSessionId(clock.now())
    const said = turns.filter(({ speaker }) => speaker !== 'System')
    const system = turns.filter(({ speaker }) => speaker === 'System')
    const all = key === undefined ? turns : [...system, ...(known?.turns ?? []), ...said]
    const message = fitted(all, { maxCharacters, assistant: key === undefined ? 'Assistant' : 'Model' })

    const text = await site.ask({ message, model, session }, call, left)
    const answer = asAnswer(chunksOf(text, given.model), given)
    const remember = async (turn: Turn) => {
      if (key !== undefined)
        await appendTurns(call.state, key, { session, turns: [...said, turn] }, { ttlMs, maxTurns })
    }
    return remembered(answer, remember)
  }

  async function* chunksOf(text: string, model: string): AsyncGenerator<ChatCompletionChunk> {
    const chunk = chunkMaker(model, clock)
    yield chunk({ role: 'assistant', content: text })
    yield chunk({}, 'stop')
  }

  function upstreamModel(name: string): string {
    const model = Object.hasOwn(models, name) ? models[name] : Object.values(models).find((id) => id === name)
    if (model !== undefined) return model
    const known = Object.keys(models).join(', ')
    throw new DragomanError('model_not_found', `${siteName} has no model ${name}, only ${known}`, { param: 'model' })
  }

  return {
    id: 'kimi-nonce',
    answersWhole: true,
    readsMarkup: true,
    accepts: (request) =>
      acceptsText(request, { name: siteName, images: false, reasoningEffort: false, search: false, promptsTools }),
    chat: (request, call) => abortOnLeave((left) => open(request, call, left)),
    models: async () =>
      Object.keys(models).map((id) => ({ id, object: 'model', created: 0, owned_by: siteName, description: notice })),
    close: () => site.close(),
  }
}

let isSaid = false

/** Deployments with options of their own make several providers, and one warning is enough. */
function sayOnce(): void {
  if (!isSaid) process.emitWarning(notice, { code: 'DRAGOMAN_THIRD_PARTY' })
  isSaid = true
}

/**
 * Hands an answer on and remembers it before its end, so that the next question finds it. One that calls tools is not
 * remembered: the results come with a history of the client's own.
 */
async function* remembered(
  chunks: AsyncIterable<ChatCompletionChunk>,
  remember: (turn: Turn) => Promise<void>,
): AsyncGenerator<ChatCompletionChunk, undefined> {
  let text = ''
  let hasCalls = false
  for await (const chunk of chunks) {
    const [choice] = chunk.choices
    text += choice?.delta.content ?? ''
    hasCalls ||= Boolean(choice?.delta.tool_calls?.length)
    if (choice?.finish_reason && text !== '' && !hasCalls) await remember({ speaker: 'Assistant', text })
    yield chunk
  }
  return undefined
}
