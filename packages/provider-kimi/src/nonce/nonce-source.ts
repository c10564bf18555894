import { type Call, toDragomanError, untilAborted } from '@dragoman/core'

/** Nonces of one site. WordPress takes one for 12 to 24 hours. */
export interface NonceSource {
  get(call: NonceCall): Promise<string>
  /** After the site has refused `stale`: another one, if the page has it. */
  renew(stale: string, call: NonceCall): Promise<string>
}

export type NonceCall = Pick<Call, 'state' | 'signal' | 'limits' | 'observe'>

const TTL_MS = 6 * 3_600_000

/**
 * Keeps the nonce in the state store. One fetch serves all who wait, whether they had none or the same stale one; it
 * ends with the last of them.
 *
 * @param load fetches the page
 */
export function createNonceSource(key: string, load: (call: NonceCall) => Promise<string>): NonceSource {
  let flight: { promise: Promise<string>; waiting: number; controller: AbortController } | undefined

  async function shared(call: NonceCall): Promise<string> {
    if (!flight) {
      const controller = new AbortController()
      const promise = load({ ...call, signal: controller.signal }).then(async (nonce) => {
        await call.state.set(key, nonce, { ttlMs: TTL_MS })
        return nonce
      })
      flight = { promise, waiting: 0, controller }
      const land = () => {
        if (flight?.promise === promise) flight = undefined
      }
      promise.then(land, land)
    }
    const joined = flight
    joined.waiting++
    try {
      return await untilAborted(joined.promise, call.signal)
    } catch (error) {
      throw toDragomanError(error, call.signal)
    } finally {
      if (--joined.waiting === 0) {
        joined.controller.abort()
        // Whoever comes now must not join what was just ended.
        if (flight === joined) flight = undefined
      }
    }
  }

  return {
    get: async (call) => (await call.state.get(key)) ?? shared(call),
    async renew(stale, call) {
      const known = await call.state.get(key)
      return known !== undefined && known !== stale ? known : shared(call)
    },
  }
}
