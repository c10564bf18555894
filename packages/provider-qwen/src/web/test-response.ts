import { responseInMemory } from '@dragoman/testkit'
import { defaultLimits, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'

/** A response of the site whose body is in memory. */
export function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const provider = 'chat.qwen.ai'
  const errorFrom = (json: unknown, text: string) =>
    mapErrorResponse({ status: 200, headers: new Headers(), text, json }, { provider, now: 0 })
  return responseInMemory(pieces, { provider, limits: defaultLimits, errorFrom })
}
