import { type Call, collect, credential, memoryState, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { errorReply, handClock, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { openrouter } from './index.ts'
import type { OpenRouterOptions } from './options.ts'

export const now = Date.UTC(2026, 10, 20, 12)
export const messages: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'Hi' }]

/** Looks like no key, so that it is hidden only where somebody knows it. */
const apiKey = 'knock-knock-it-is-me'

/** OpenRouter as it is documented: keys, snake case, and a 400 for what nobody behind it would take. */
export async function startOpenRouter(reply: Reply, options: OpenRouterOptions = {}) {
  const upstream = await startFakeUpstream()
  upstream.always((request) => {
    const { path, method, headers } = request
    if (headers.authorization !== `Bearer ${apiKey}`) return jsonReply({ error: { code: 401, message: 'no' } }, 401)
    if (method === 'GET') return path === '/api/v1/key' ? jsonReply({ data: { label: 'test', usage: 1 } }) : reply
    if (path !== '/api/v1/chat/completions') return errorReply(404)
    const refused = refusal(request.json)
    return refused ? jsonReply({ error: { code: 400, message: refused } }, 400) : reply
  })
  const given = openrouter.options.parse({ baseUrl: `${upstream.origin}/api/v1`, ...options })
  const provider = openrouter.create(given, { clock: handClock(now) })
  const call: Call = {
    credential: credential({ apiKey }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  return {
    upstream,
    provider,
    call,
    fetch: toFetch(provider, { credential: call.credential }),
    answer: (request: Partial<ChatCompletionRequest> = {}) => {
      const whole = { model: 'moonshotai/kimi-k2-thinking', messages, ...request }
      return collect(provider.chat(whole, call), whole)
    },
    sent: async () => (await upstream.received(1)).json,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

/** What the fake refuses of a body. */
function refusal(body: Readonly<Record<string, unknown>>): string | undefined {
  const camel = /"(maxTokens|topP|toolCallId|toolChoice|allowFallbacks)":/.exec(JSON.stringify(body))
  if (camel) return `unknown field ${camel[1]}`
  if (typeof body.model !== 'string' || !/^[\w.-]+\/[\w.-]+(:[\w-]+)?$/.test(body.model)) {
    return `${body.model} is not a valid model ID`
  }
  if ('tool_choice' in body && !('tools' in body)) return 'tool_choice without tools'
  if ('stream_options' in body || 'usage' in body) return 'usage was asked for twice'
  if ('reasoning' in body && 'reasoning_effort' in body) return 'reasoning was asked for twice'
  return undefined
}
