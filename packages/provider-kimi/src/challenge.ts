import { DragomanError } from '@dragoman/core'
import { type ErrorResponse, mapErrorResponse } from '@dragoman/upstream'

/** A browser check is never answered here: the error says what a person can do. Undefined where it is something else. */
export function challengeIn(response: ErrorResponse, provider: string, advice: string): DragomanError | undefined {
  const { code } = mapErrorResponse(response, { provider, now: 0 })
  return code === 'upstream_challenge' ? challenge(provider, advice) : undefined
}

export function challenge(provider: string, advice: string): DragomanError {
  return new DragomanError('upstream_challenge', `${provider} asks for a browser check: ${advice}`, {
    origin: 'upstream',
  })
}
