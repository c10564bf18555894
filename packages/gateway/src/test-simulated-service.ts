import {
  type Call,
  type Clock,
  type CredentialPool,
  DragomanError,
  type Lease,
  type Provider,
  Secret,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { TokenPool } from '@dragoman/token-pool'
import type { ProviderEntry } from './deployments.ts'

/** How a service is for a while. Parts are shares of its calls, 0 to 1. */
export interface Weather {
  /** Nobody is there. */
  readonly isDown?: boolean | undefined
  /** Refused with a 429, and a time that is between one second and this one. */
  readonly limited?: { readonly part: number; readonly mostMs: number } | undefined
  /** Takes a hundred times as long to begin. */
  readonly slow?: number | undefined
  /** Breaks after some of its text. */
  readonly cut?: number | undefined
}

export interface SimulatedService {
  readonly entry: ProviderEntry
  /** Requests that its pool had nothing for, by what they wait with. */
  readonly refused: WeakSet<object>
  readonly pool: TokenPool
}

const words = 'Answers are given in several pieces, so that they can break between two of them. '.match(/\S+ /g) ?? []

interface ServiceOptions {
  readonly id: string
  readonly keys: number
  readonly clock: Clock
  readonly random: () => number
  /** The usual time to the first token. */
  readonly firstTokenMs: number
  weather(): Weather
}

/** A service in this process, with a pool of keys of its own. */
export function simulatedService({ id, keys, clock, random, firstTokenMs, weather }: ServiceOptions): SimulatedService {
  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const left = () => {
        cancel()
        reject(signal.reason)
      }
      const cancel = clock.schedule(() => {
        signal.removeEventListener('abort', left)
        resolve()
      }, ms)
      signal.addEventListener('abort', left, { once: true })
    })

  async function* chat(_request: ChatCompletionRequest, { signal }: Call) {
    const { isDown, limited, slow = 0, cut = 0 } = weather()
    // What happens does not depend on how many numbers another kind of weather would have drawn.
    const [luck, length, breaks] = [random(), random(), random()]
    if (isDown) {
      await wait(2 + 5 * length, signal)
      throw new DragomanError('upstream_unavailable', `${id} refused the connection`, { origin: 'upstream' })
    }
    if (limited && luck < limited.part) {
      await wait(20 + 20 * length, signal)
      const retryAfterMs = 1_000 + length * (limited.mostMs - 1_000)
      throw new DragomanError('rate_limited', 'Slow down', { retryAfterMs, origin: 'upstream' })
    }
    await wait(firstTokenMs * (0.5 + length) * (luck < slow ? 100 : 1), signal)
    const chunks = chatChunks({ text: words.slice(0, 3 + Math.floor(length * 4)), usage: tokens(20, 12) })
    const broken = breaks < cut ? Math.floor(chunks.length / 2) : chunks.length
    yield* chunks.slice(0, 2)
    for (const [at, chunk] of chunks.slice(2).entries()) {
      if (at % 4 === 0) await wait(40 + 20 * length, signal)
      if (at + 2 >= broken) throw new DragomanError('upstream_unavailable', `${id} broke off`, { origin: 'upstream' })
      yield chunk
    }
  }

  const provider: Provider = { id, chat, close: async () => {} }
  const pool = new TokenPool({
    name: id,
    credentials: Array.from({ length: keys }, (_, at) => ({
      values: { apiKey: new Secret(`sk-key-of-many-characters-${id}${at}`) },
    })),
    clock,
    random,
  })
  const refused = new WeakSet<object>()
  const credentials: CredentialPool = {
    status: () => pool.status(),
    lease(options): Lease | Promise<Lease> {
      try {
        return pool.lease(options)
      } catch (error) {
        refused.add(options.signal)
        throw error
      }
    },
  }
  return { entry: { id, provider, credentials }, refused, pool }
}
