import { canary, responseInMemory, testProvider } from '@dragoman/testkit'
import { defaultLimits, events, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'
import { createWebDecoder } from './decode-answer.ts'
import { mapWebError } from './errors.ts'
import { createZaiWeb, zaiWeb } from './provider.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = `${part({ alg: 'none', typ: 'JWT' })}.${part({ id: 'user-0001', of: canary('token') })}.${canary('token')}`

testProvider(
  {
    ...zaiWeb,
    create(options, environment) {
      let made = 0
      return createZaiWeb(options, environment, () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`)
    },
  },
  new URL('../../fixtures/web/', import.meta.url),
  {
    configure: (origin) => ({ baseUrl: origin, signingKey: 'test-root-key' }),
    values: { token },
    ordinary: 'thinking',
    async *decode(body, { request }) {
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      const response = responseOf(pieces)
      const { errorFrom } = response
      const { event } = createWebDecoder({ id: 'a', model: request.model, created: 0, tools: new Set(), errorFrom })
      yield* events(response, event)
    },
  },
)

/** A response whose body is in memory. */
function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const errorFrom = (json: unknown, text: string) => {
    const answered = { status: 200, headers: new Headers(), text, json }
    return mapWebError(answered) ?? mapErrorResponse(answered, { provider: 'chat.z.ai', now: 0 })
  }
  return responseInMemory(pieces, { provider: 'chat.z.ai', limits: defaultLimits, errorFrom })
}
