import { type Call, collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type ScriptedReply, startFakeUpstream } from '@dragoman/testkit'
import { type KimiInput, kimi } from './index.ts'

/** Moonshot's platform in the tests of this folder: answers everything alike. */
export const user = (content: string) => [{ role: 'user' as const, content }]

export async function start(reply: ScriptedReply, options: KimiInput = {}) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const provider = kimi.create(kimi.options.parse({ baseUrl: `${upstream.origin}/v1`, ...options }))
  const call: Call = {
    credential: credential({ apiKey: 'sk-test' }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  return {
    upstream,
    provider,
    call,
    answer: (request: ChatCompletionRequest) => collect(provider.chat(request, call), request),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}
