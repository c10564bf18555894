import type { ServerResponse } from 'node:http'
import type { ClientRights } from '@dragoman/core'
import type { Rate, RateState } from '@dragoman/gateway'
import { exchangeOf, speaksMessages } from './exchange.ts'

/** How much of its rates a key has left; undefined where it has none. */
export type RatesOf = (rights: ClientRights) => RateState | undefined

/** Tells a client what is left of its requests and tokens per minute, under the names that its SDKs read. */
export function tellRates(response: ServerResponse): void {
  const { rights, ratesOf, startedAt } = exchangeOf(response)
  const state = rights && ratesOf?.(rights)
  if (!state) return
  if (speaksMessages(response.req)) {
    const instant = (ms: number) => new Date(startedAt + ms).toISOString()
    tell(response, state.requests, messagesNames.requests, instant)
    tell(response, state.tokens, messagesNames.tokens, instant)
  } else {
    tell(response, state.requests, openAINames.requests, duration)
    tell(response, state.tokens, openAINames.tokens, duration)
  }
}

interface Names {
  readonly limit: string
  readonly remaining: string
  readonly reset: string
}

// Written out: names that are put together anew cost more than what they name.
const openAINames: Readonly<Record<keyof RateState, Names>> = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
}
const messagesNames: Readonly<Record<keyof RateState, Names>> = {
  requests: {
    limit: 'anthropic-ratelimit-requests-limit',
    remaining: 'anthropic-ratelimit-requests-remaining',
    reset: 'anthropic-ratelimit-requests-reset',
  },
  tokens: {
    limit: 'anthropic-ratelimit-tokens-limit',
    remaining: 'anthropic-ratelimit-tokens-remaining',
    reset: 'anthropic-ratelimit-tokens-reset',
  },
}

function tell(response: ServerResponse, rate: Rate | undefined, names: Names, write: (ms: number) => string): void {
  if (!rate) return
  response.setHeader(names.limit, rate.limit)
  response.setHeader(names.remaining, rate.remaining)
  response.setHeader(names.reset, write(rate.resetMs))
}

/** As OpenAI writes it: `850ms`, `12s`, `1m5s`. Rounded up to whole seconds, from one second on. */
export function duration(ms: number): string {
  if (ms <= 0) return '0s'
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
