import { type Call, type Clock, DragomanError, isDragomanError, toDragomanError, untilAborted } from '@dragoman/core'

/** What a chat is deleted with: its own signal and short limits, for the caller is gone by then. */
export type RemovalCall = Pick<Call, 'credential' | 'signal' | 'state' | 'limits'>

export interface MadeChatsOptions {
  /** Id of the provider, with which its keys in the state store begin. */
  readonly provider: string
  readonly clock: Clock
  /**
   * Deletes one at the service. Rejects unless it is gone; with `deployment_not_found` where it was gone before, which
   * is as good. Undefined: chats stay on the account, and nothing is noted.
   */
  readonly remove: ((id: string, call: RemovalCall) => Promise<void>) | undefined
}

/**
 * Chats that had to be made at a service, each for one answer. They are noted in the state store of the call, so that
 * one that could not be deleted, or whose process ended before, is deleted by a later sweep. Only noted ones ever are.
 */
export interface MadeChats {
  /**
   * Makes a chat and notes it; its id. `make` is not ended by the caller's leaving, because only its answer tells what
   * there is to delete: the caller is let go at once, and the chat deleted when it is there. Throws what `make` throws,
   * and `aborted`.
   */
  begin(call: Call, left: AbortSignal, make: (call: Call) => Promise<string>): Promise<string>
  /** Notes one that the service has made by itself. */
  note(id: string, call: Call): void
  /** Its answer is over: deletes it in the background, once. Of one that was not noted here nothing happens. */
  end(id: string, call: Call): void
  /** Resolves when nothing goes on in the background; after five seconds that is ended, and the notes stay. */
  close(): Promise<void>
}

const HOUR_MS = 3_600_000
/** Notes outlive a long absence, but not for ever. */
const NOTE_MS = 30 * 24 * HOUR_MS
/** Longer than any answer takes: a younger chat may be in use, by another process. */
const LEFT_OVER_AFTER_MS = 2 * HOUR_MS
const SWEEP_EVERY_MS = 600_000
const SWEEP_AT_MOST = 10
const PAGE = 100
/** Nobody waits for a deletion, but the end of the process. */
const REMOVAL_LIMITS = { connectMs: 5_000, headersMs: 5_000, wholeHeadersMs: 5_000, idleMs: 5_000 }
const CLOSE_MS = 5_000

export function createMadeChats({ provider, clock, remove }: MadeChatsOptions): MadeChats {
  const closing = new AbortController()
  const background = new Set<Promise<void>>()
  /** Chats in use, by the keys of their notes, with the writing of these. */
  const inUse = new Map<string, Promise<void>>()

  const run = (work: () => Promise<unknown>): Promise<void> => {
    const running = work()
      .then(
        () => {},
        () => {}, // There is nobody to tell. The note stays, and a later sweep tries again.
      )
      .finally(() => background.delete(running))
    background.add(running)
    return running
  }

  const prefixOf = ({ credential }: Call) => `${provider}:made:${encodeURIComponent(credential.id)}:`
  const keyOf = (id: string, call: Call) => prefixOf(call) + encodeURIComponent(id)

  const note = (id: string, call: Call): void => {
    if (!remove) return
    const key = keyOf(id, call)
    // Where it cannot be noted, it is deleted all the same, only not after a crash.
    inUse.set(
      key,
      run(() => call.state.set(key, String(clock.now()), { ttlMs: NOTE_MS })),
    )
  }

  const end = (id: string, call: Call): void => {
    const key = keyOf(id, call)
    const noting = inUse.get(key)
    if (!noting) return
    inUse.delete(key)
    run(async () => {
      await noting
      await discard(id, call)
      // Where this one could not be deleted, older ones could not either.
      await sweep(call)
    })
  }

  const discard = async (id: string, call: Call): Promise<void> => {
    const { credential, state } = call
    try {
      await remove?.(id, { credential, state, signal: closing.signal, limits: REMOVAL_LIMITS })
    } catch (error) {
      if (!isDragomanError(error) || error.code !== 'deployment_not_found') throw error
    }
    await state.delete(keyOf(id, call))
  }

  /** Of the call's credential, and in one process of those that share the state. */
  const sweep = async (call: Call): Promise<void> => {
    const { state, credential } = call
    const swept = `${provider}:swept:${encodeURIComponent(credential.id)}`
    if (!(await state.set(swept, '1', { ttlMs: SWEEP_EVERY_MS, ifAbsent: true }))) return
    for (const { key, id, text, madeAt } of await leftOver(call)) {
      try {
        await discard(id, call)
      } catch (error) {
        // Behind the others: one that cannot be deleted must not keep the next sweeps from them.
        const ttlMs = Math.max(1, madeAt + NOTE_MS - clock.now())
        await state.compareAndSet(key, text, `${madeAt} ${clock.now()}`, { ttlMs })
        throw error
      }
    }
  }

  const leftOver = async (call: Call) => {
    const { state } = call
    const prefix = prefixOf(call)
    const found: { key: string; id: string; text: string; madeAt: number }[] = []
    let cursor: string | undefined
    do {
      const page = await state.scan(prefix, PAGE, cursor)
      for (const key of page.keys) {
        const text = inUse.has(key) ? undefined : await state.get(key)
        if (text === undefined) continue
        // When it was made and, if so, when its deletion was last tried.
        const [madeAt = Number.NaN, triedAt = madeAt] = text.split(' ').map(Number)
        if (!(triedAt + LEFT_OVER_AFTER_MS <= clock.now())) continue
        found.push({ key, id: decodeURIComponent(key.slice(prefix.length)), text, madeAt })
        if (found.length === SWEEP_AT_MOST) return found
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }

  return {
    async begin(call, left, make) {
      const signal = AbortSignal.any([call.signal, left])
      if (signal.aborted) throw toDragomanError(signal.reason, signal)
      const making = make({ ...call, signal: closing.signal }).then((id) => {
        note(id, call)
        return id
      })
      try {
        return await untilAborted(making, signal)
      } catch (error) {
        run(async () => end(await making, call))
        throw toDragomanError(error, signal)
      }
    },
    note,
    end,
    async close() {
      const stop = () => closing.abort(new DragomanError('aborted', 'The provider was closed'))
      const cancel = clock.schedule(stop, CLOSE_MS)
      while (background.size > 0) await Promise.all(background)
      cancel()
      stop()
    },
  }
}
