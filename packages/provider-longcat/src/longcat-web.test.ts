import { systemClock } from '@dragoman/core'
import { canary, responseInMemory, testProvider } from '@dragoman/testkit'
import { defaultLimits, events, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'
import { longcatWeb } from './web.ts'
import { mapWebError } from './web-errors.ts'
import { FrameDecoder } from './web-frames.ts'

testProvider(longcatWeb, new URL('../fixtures/web/', import.meta.url), {
  ordinary: 'v2',
  // Conversations are deleted in the background, which web-conversations.test.ts looks at.
  configure: (baseUrl) => ({ baseUrl, keepConversations: true }),
  values: { token: canary('token') },
  differs: {
    '403': { reason: 'the site answers it to a dead cookie', code: 'credential_rejected' },
    '429': { reason: 'the account rests for 15 s where the site does not say how long', code: 'rate_limited' },
  },
  async *decode(body, { request: { model }, name }) {
    if (name === 'tools') return // its text is read by the normalizer, which is cut in its own tests
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const response = responseOf(pieces)
    const decoder = new FrameDecoder({ head: { id: 'made', created: 0, model }, errorFrom: response.errorFrom })
    for await (const chunk of events(response, (event) => decoder.event(event))) yield chunk
  },
})

/** A response whose body is in memory. */
function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const errorFrom = (json: unknown, text: string) => {
    const answer = { status: 200, headers: new Headers(), text, json }
    return mapWebError(systemClock, 15_000)(answer) ?? mapErrorResponse(answer, { provider: 'LongCat', now: 0 })
  }
  return responseInMemory(pieces, { provider: 'LongCat', limits: defaultLimits, errorFrom })
}
