import { collect, credential, memoryState, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { errorReply, handClock, jsonReply, type ScriptedReply, startFakeUpstream } from '@dragoman/testkit'
import { zai } from '../index.ts'
import type { ZaiOptions } from './options.ts'

export const now = Date.UTC(2026, 10, 20, 12)
export const messages: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'Hi' }]

/** Z.AI as it is documented: it takes no field that its reference does not have. */
export async function startZai(reply: ScriptedReply, options: ZaiOptions = {}) {
  const upstream = await startFakeUpstream()
  upstream.always((request) => {
    const { path, headers, json } = request
    if (path !== '/api/paas/v4/chat/completions') return errorReply(404)
    if (headers.authorization !== 'Bearer the-key') return jsonReply({ error: { code: '1000', message: 'no' } }, 401)
    const unknown = Object.keys(json).filter((field) => !documented.has(field))
    if (unknown.length > 0) return jsonReply({ error: { code: '1210', message: unknown.join() } }, 400)
    return typeof reply === 'function' ? reply(request) : reply
  })
  const clock = handClock(now)
  const provider = zai.create({ baseUrl: `${upstream.origin}/api/paas/v4`, ...options }, { clock })
  const call = {
    credential: credential({ apiKey: 'the-key' }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  return {
    upstream,
    provider,
    fetch: toFetch(provider, { credential: { apiKey: 'the-key' } }),
    answer: (request: Partial<ChatCompletionRequest> = {}) => {
      const whole = { model: 'glm-5.3', messages, ...request }
      return collect(provider.chat(whole, call), whole)
    },
    sent: async () => (await upstream.received(1)).json,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

const documented = new Set(
  `model messages stream thinking reasoning_effort do_sample temperature top_p max_tokens tool_stream tools tool_choice
  stop response_format request_id user_id`.split(/\s+/),
)
