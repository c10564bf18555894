import { isIPv6 } from 'node:net'
import { type Clock, DragomanError } from '@dragoman/core'
import type { Exchange } from './exchange.ts'

/** So many wrong keys of one address within so long are answered at once: everybody mistypes. */
const freeTries = 5
const withinMs = 60_000
const firstWaitMs = 100
const longestWaitMs = 2_000
/** Refusals that wait. Each holds a connection, of which there are not endlessly many. */
const mostHeldOfOne = 16
const mostHeld = 256
const mostAddresses = 10_000

interface Address {
  /** When its last wrong keys came, on the monotonic clock; at most `freeTries`. */
  readonly times: number[]
  /** Wrong keys one after the other beyond the free ones. */
  excess: number
  held: number
}

/**
 * Slows down whoever guesses keys, by his address. Only refusals are kept waiting: behind a reverse proxy or a NAT all
 * clients have one address, and whoever has a right key must not notice that somebody else there has not.
 *
 * That also means that guesses in parallel are told apart as fast as they come. What protects a key is its length; this
 * keeps a simple search slow and its load small.
 */
export class SlowDown {
  readonly #clock: Clock
  /** The one that was wrong longest ago is first. */
  readonly #addresses = new Map<string, Address>()
  #held = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Counts a wrong key, then has it answered: at once, or after a wait, or never where the client has left by then. Where
   * too many wait already, `answer` is called at once, with what to say in place of the refusal.
   */
  wrongKey(
    request: { readonly socket: { readonly remoteAddress?: string | undefined } },
    exchange: Exchange,
    answer: (crowded?: DragomanError) => void,
    atMostMs = longestWaitMs,
  ): void {
    const address = this.#addressOf(networkOf(request.socket.remoteAddress ?? ''))
    const waitMs = Math.min(this.#waitOf(address), atMostMs)
    const isCrowded = address.held >= mostHeldOfOne || this.#held >= mostHeld
    if (waitMs === 0 || isCrowded) {
      answer(waitMs === 0 ? undefined : tooManyTries())
      return
    }
    this.#held++
    address.held++
    let isHeld = true
    const release = () => {
      if (!isHeld) return
      isHeld = false
      this.#held--
      address.held--
      cancel()
    }
    const cancel = this.#clock.schedule(() => {
      release()
      answer()
    }, waitMs)
    exchange.atEnd(release)
  }

  #addressOf(network: string): Address {
    const address = this.#addresses.get(network) ?? { times: [], excess: 0, held: 0 }
    this.#addresses.delete(network)
    this.#addresses.set(network, address)
    for (const [oldest, { times }] of this.#addresses) {
      const isOver = times.length > 0 && this.#clock.elapsed() - (times.at(-1) ?? 0) >= withinMs
      if (oldest === network || (!isOver && this.#addresses.size <= mostAddresses)) break
      this.#addresses.delete(oldest)
    }
    return address
  }

  #waitOf(address: Address): number {
    const { times } = address
    const now = this.#clock.elapsed()
    const earliest = times.length < freeTries ? undefined : times.shift()
    times.push(now)
    address.excess = earliest !== undefined && now - earliest < withinMs ? address.excess + 1 : 0
    return address.excess === 0 ? 0 : Math.min(firstWaitMs * 2 ** (address.excess - 1), longestWaitMs)
  }
}

/** Says as much of a key that is nearly right as of any other. */
function tooManyTries(): DragomanError {
  const message = 'Too many requests with a wrong key came from this address'
  return new DragomanError('rate_limit_exceeded', message, { retryAfterMs: longestWaitMs })
}

/** What one party is likely to have all of: an IPv4 address, the /64 of an IPv6 one. Takes what a socket says. */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '')
  if (!isIPv6(bare)) return bare
  const [front = '', back] = bare.split('::')
  const groups = front.split(':').filter(Boolean)
  const behind = back?.split(':').filter(Boolean) ?? []
  const zeros = back === undefined ? 0 : 8 - groups.length - behind.length
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...behind]
  return `${all.slice(0, 4).join(':')}::/64`
}
