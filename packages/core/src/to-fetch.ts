import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { canonicalChunks, isMeaningful } from './canonical.ts'
import { type ChatBackend, chatFetch, type FetchLike } from './chat-fetch.ts'
import { type Clock, systemClock } from './clock.ts'
import { collect } from './collect.ts'
import type { Credential } from './credentials.ts'
import { DragomanError, isDragomanError } from './errors.ts'
import type { Call, CallLimits, Provider } from './provider.ts'
import { Secret } from './secret.ts'
import { memoryState, type StateStore } from './store.ts'
import { chain, type Transform, transformed } from './transform.ts'
import { untilAborted } from './until-aborted.ts'

export interface ToFetchOptions {
  /** What the provider needs: its names and plain strings (`{ apiKey: '…' }`), or a `Credential`. Default: nothing. */
  credential?: Credential | Readonly<Record<string, string | undefined>> | undefined
  /** Made anew for each answer, for instance a normalizer. */
  transforms?: ((request: ChatCompletionRequest) => readonly Transform[]) | undefined
  /** Default: in memory, gone with this function. */
  state?: StateStore | undefined
  limits?: CallLimits | undefined
  clock?: Clock | undefined
}

/** A credential of plain strings; undefined ones are left out. `id` is safe to show; the values are not shown anywhere. */
export function credential(values: Readonly<Record<string, string | undefined>>, id = 'default'): Credential {
  const secrets: Record<string, Secret> = {}
  for (const [name, value] of Object.entries(values)) if (value !== undefined) secrets[name] = new Secret(value)
  return { id, values: secrets }
}

/**
 * A `fetch` that serves one provider in-process, with no server:
 * `new OpenAI({ apiKey: '-', fetch: toFetch(provider, { credential: { apiKey } }) })`.
 *
 * Where the provider signs in (`acquire`), it is asked once, and again when the session has expired or was rejected
 * before the first output.
 */
export function toFetch(provider: Provider, options: ToFetchOptions = {}): FetchLike {
  const { transforms = () => [], state = memoryState(), limits, clock = systemClock } = options
  const session = createSession(provider, options.credential, state, clock)
  const callWith = (use: Credential, signal: AbortSignal): Call => ({ credential: use, signal, state, limits })

  const backend: ChatBackend = {
    async chat(request, signal) {
      const refused = provider.accepts?.(request).refused
      if (refused) throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
      const run = (use: Credential) =>
        transformed(
          provider.chat(request, callWith(use, signal)),
          chain([...transforms(request), canonicalChunks(request, clock)]),
        )
      if (!request.stream) {
        return { kind: 'completion', completion: await session.use(signal, (use) => collect(run(use), request)) }
      }
      return { kind: 'chunks', chunks: await session.use(signal, (use) => started(run(use))) }
    },
    async models(signal) {
      if (!provider.models) return []
      const list = provider.models.bind(provider)
      return session.use(signal, (use) => list(callWith(use, signal)))
    },
  }
  return chatFetch(backend)
}

/** Waits for the first output, so that a failure before it can still be a status; nothing is lost. */
async function started(chunks: AsyncGenerator<ChatCompletionChunk>): Promise<AsyncIterable<ChatCompletionChunk>> {
  const before: ChatCompletionChunk[] = []
  for (;;) {
    const { done, value } = await chunks.next()
    if (!done) before.push(value)
    if (done || isMeaningful(value)) break
  }
  return (async function* () {
    try {
      yield* before
      yield* chunks
    } finally {
      await chunks.return(undefined)
    }
  })()
}

interface Session {
  use<T>(signal: AbortSignal, action: (credential: Credential) => Promise<T>): Promise<T>
}

function createSession(
  provider: Provider,
  given: ToFetchOptions['credential'],
  state: StateStore,
  clock: Clock,
): Session {
  const source = isCredential(given) ? given : credential(given ?? {})
  const acquire = provider.acquire?.bind(provider)
  if (!acquire) return { use: (_signal, action) => action(source) }

  // One acquisition at a time, shared by all who wait: nobody's abort may end it.
  let held: Promise<Credential> | undefined
  const renew = (expired: Promise<Credential> | undefined): Promise<Credential> => {
    if (held !== expired && held) return held
    const fresh = acquire(source, { signal: new AbortController().signal, state })
    held = fresh
    fresh.catch(() => {
      if (held === fresh) held = undefined
    })
    return fresh
  }
  const current = async (signal: AbortSignal): Promise<[Credential, Promise<Credential>]> => {
    let used = held ?? renew(undefined)
    let session = await untilAborted(used, signal)
    if (session.expiresAt !== undefined && session.expiresAt <= clock.now()) {
      used = renew(used)
      session = await untilAborted(used, signal)
    }
    return [session, used]
  }
  return {
    async use(signal, action) {
      const [session, used] = await current(signal)
      try {
        return await action(session)
      } catch (error) {
        if (!isDragomanError(error) || error.code !== 'credential_rejected') throw error
        return action(await untilAborted(renew(used), signal))
      }
    },
  }
}

function isCredential(value: ToFetchOptions['credential']): value is Credential {
  return typeof value?.id === 'string' && typeof value.values === 'object'
}
