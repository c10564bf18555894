import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { readModelName } from './model-name.ts'

/** Where Messages are spoken beside an address of Chat; undefined for an address that says nothing about it. */
export function messagesBase(baseUrl: string): string | undefined {
  const { origin, pathname } = new URL(baseUrl)
  const [, before] = /^(.*)\/api\/(?:coding\/)?paas\/v4\/*$/.exec(pathname) ?? []
  return before === undefined ? undefined : `${origin}${before}/api/anthropic`
}

/** Why a request in Anthropic's dialect cannot go on as it is. */
export function messagesObstacle({ model }: ChatCompletionRequest, base: string | undefined): string | undefined {
  if (base === undefined) return 'it is not known where Messages are spoken'
  const named = readModelName(model)
  // A name says more than the id: what it says has to be written into the request.
  return named.id === model ? undefined : `the model is sent as ${named.id}`
}
