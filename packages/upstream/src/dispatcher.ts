import type { LookupFunction } from 'node:net'
import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import { LinkedClient } from './link.ts'

// Long, so that a pause between two turns of a chat costs no new handshake. A server that closes earlier says so in
// `keep-alive`, or is found out by the silent repetition in exchange.ts.
const KEEP_ALIVE_MS = 60_000

// Time is kept by the exchange, with limits that each call may set: undici's own clocks stay off. Connecting through a
// proxy cannot be called off from outside, so there this ends what nobody waits for any more.
const PROXIED_CONNECT_MS = 60_000

const poolOptions = {
  // A stream occupies its connection for all its life: any bound here is a queue nobody sees.
  connections: null,
  pipelining: 1,
  allowH2: false,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: 0,
  bodyTimeout: 0,
} satisfies Pool.Options

// Stated, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch the check off for every provider at once.
const tls = { rejectUnauthorized: true }

/** Connections to one origin, directly or through a proxy. */
export function createDispatcher(origin: string, proxy: URL | undefined): Dispatcher {
  if (!proxy) return createPool(origin, { connect: { ...tls, timeout: 0 } })
  return new ProxyAgent({
    ...poolOptions,
    uri: proxy.href,
    connectTimeout: PROXIED_CONNECT_MS,
    // Given at all, this means TLS to the proxy where that speaks SOCKS5.
    ...(proxy.protocol === 'https:' && { proxyTls: tls }),
    requestTls: tls,
    // undici hands on the connector that goes through the proxy.
    factory: (target, options) => createPool(target, options),
  })
}

/** Connections to one origin, directly, to addresses that `lookup` gives. */
export function createGuardedDispatcher(origin: string, lookup: LookupFunction): Dispatcher {
  return createPool(origin, { connect: { ...tls, timeout: 0, lookup } })
}

function createPool(origin: string | URL, options: Pool.Options): Pool {
  return new Pool(origin, {
    ...options,
    ...poolOptions,
    factory: (target, clientOptions) => LinkedClient.create(target, clientOptions),
  })
}
