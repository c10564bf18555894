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
    tellMessages(response, 'requests', state.requests, startedAt)
    tellMessages(response, 'tokens', state.tokens, startedAt)
  } else {
    tell(response, 'requests', state.requests)
    tell(response, 'tokens', state.tokens)
  }
}

function tell(response: ServerResponse, of: 'requests' | 'tokens', rate: Rate | undefined): void {
  if (!rate) return
  response.setHeader(`x-ratelimit-limit-${of}`, rate.limit)
  response.setHeader(`x-ratelimit-remaining-${of}`, rate.remaining)
  response.setHeader(`x-ratelimit-reset-${of}`, duration(rate.resetMs))
}

function tellMessages(response: ServerResponse, of: 'requests' | 'tokens', rate: Rate | undefined, now: number): void {
  if (!rate) return
  response.setHeader(`anthropic-ratelimit-${of}-limit`, rate.limit)
  response.setHeader(`anthropic-ratelimit-${of}-remaining`, rate.remaining)
  response.setHeader(`anthropic-ratelimit-${of}-reset`, new Date(now + rate.resetMs).toISOString())
}

/** As OpenAI writes it: `850ms`, `12s`, `1m5s`. Rounded up to whole seconds, from one second on. */
export function duration(ms: number): string {
  if (ms <= 0) return '0s'
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
