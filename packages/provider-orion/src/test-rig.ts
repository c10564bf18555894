import { type Call, collect, memoryState, type OutgoingProxy, Secret, type StateStore } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { type HandClock, handClock } from '@dragoman/testkit'
import { type OrionWebOptions, orionWeb } from './index.ts'
import { type FakeOrion, startFakeOrion } from './test-orion.ts'

export const TOKEN = 'token-of-the-session'

/** A provider at a fake of the service. */
export async function startRig(
  options: OrionWebOptions = {},
  given: { token?: string; state?: StateStore; proxy?: string | OutgoingProxy } = {},
) {
  const clock: HandClock = handClock()
  const { token = TOKEN, state = memoryState({ clock }), proxy } = given
  const fake: FakeOrion = await startFakeOrion(token)
  const provider = orionWeb.create({ ...fake.urls, ...options }, { clock, proxy })
  const call = (signal?: AbortSignal): Call => ({
    credential: { id: 'orion:1', values: { token: new Secret(token) } },
    signal: signal ?? new AbortController().signal,
    state,
  })
  const request = (content: string, more: Partial<ChatCompletionRequest> = {}): ChatCompletionRequest => ({
    model: 'Claude 4-Default',
    messages: [{ role: 'user', content }],
    ...more,
  })
  const account = fake.accounts.get(token)
  if (!account) throw new Error('the fake has no such account')
  return {
    clock,
    state,
    fake,
    account,
    provider,
    call,
    request,
    complete: (asked: ChatCompletionRequest, signal?: AbortSignal) =>
      collect(provider.chat(asked, call(signal)), asked),
    async chunks(asked: ChatCompletionRequest, signal?: AbortSignal) {
      const chunks: ChatCompletionChunk[] = []
      for await (const chunk of provider.chat(asked, call(signal))) chunks.push(chunk)
      return chunks
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await fake[Symbol.asyncDispose]()
    },
  }
}
