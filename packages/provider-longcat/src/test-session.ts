import { type Call, collect, credential, type FetchLike, memoryState, type Provider, toFetch } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionRequest } from '@dragoman/openai-schema'
import { handClock } from '@dragoman/testkit'
import { goodToken, startTestSite, type TestSite } from './test-site.ts'
import { type LongCatWebOptions, longcatWeb } from './web.ts'

export const request: ChatCompletionRequest = { model: 'LongCat', messages: [{ role: 'user', content: 'Hi' }] }

export interface TestSession extends AsyncDisposable {
  readonly site: TestSite
  readonly provider: Provider
  readonly call: Call
  ask(given?: Partial<ChatCompletionRequest>): Promise<ChatCompletion>
  readonly fetch: FetchLike
}

/** The provider at a test site, with a session that the site knows. */
export async function startSession(options: LongCatWebOptions = {}, token = goodToken): Promise<TestSession> {
  const site = await startTestSite()
  const provider = longcatWeb.create({ baseUrl: site.origin, ...options }, { clock: handClock() })
  const held = credential(longcatWeb.credential.parse({ token }))
  const call = { credential: held, signal: new AbortController().signal, state: memoryState() }
  return {
    site,
    provider,
    call,
    ask: (given = {}) => {
      const asked = { ...request, ...given }
      return collect(provider.chat(asked, call), asked)
    },
    fetch: toFetch(provider, { credential: held }),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await site[Symbol.asyncDispose]()
    },
  }
}
