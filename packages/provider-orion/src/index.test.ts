import { systemClock } from '@dragoman/core'
import { canary, responseInMemory, testProvider } from '@dragoman/testkit'
import { defaultLimits, events, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'
import { createDecoder } from './decode-answer.ts'
import { orionWeb } from './index.ts'
import { withTabLines } from './tab-lines.ts'

testProvider(orionWeb, new URL('../fixtures/', import.meta.url), {
  ordinary: 'text',
  values: { token: canary('token') },
  configure: (origin) => ({
    chatUrl: `${origin}/chat`,
    conversationUrl: `${origin}/conversation`,
    projectUrl: `${origin}/project`,
    messageUrl: `${origin}/conversation`,
    // What is sent after an answer has tests of its own.
    keepConversations: true,
  }),
  async *decode(body, { request: { model } }) {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const response = responseOf(pieces)
    const { event } = createDecoder({ model, clock: systemClock, errorFrom: response.errorFrom })
    yield* events(withTabLines(response), event)
  },
  differs: {
    '404': { reason: 'a lost conversation is created once more, see conversations.test.ts', leftOut: true },
  },
})

/** A response whose body is in memory. */
function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const errorFrom = (json: unknown, text: string) =>
    mapErrorResponse({ status: 200, headers: new Headers(), text, json }, { provider: 'Orion', now: 0 })
  return responseInMemory(pieces, { provider: 'Orion', limits: defaultLimits, errorFrom })
}
