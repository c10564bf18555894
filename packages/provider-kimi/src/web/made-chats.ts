import type { Call, Clock } from '@dragoman/core'

export type ChatCall = Pick<Call, 'credential' | 'signal' | 'state' | 'limits'>

/** Conversations that were begun on the account for one answer each. Only these are ever deleted. */
export interface MadeChats {
  /** Notes one down, so that it is deleted even if this process ends before. */
  note(id: string, call: Call): void
  /** Deletes it, in the background. */
  remove(id: string, call: Call): void
  /** Now and then, in the background: deletes some that were left over. */
  sweep(call: Call): void
  /** Resolves when nothing goes on in the background. */
  settled(): Promise<void>
}

const NOTE_TTL_MS = 7 * 86_400_000
const SWEEP_EVERY_MS = 600_000
const SWEEP_AT_MOST = 10
const DELETE_LIMITS = { connectMs: 5_000, headersMs: 10_000, wholeHeadersMs: 10_000, idleMs: 10_000 }

export function madeChats(
  clock: Pick<Clock, 'now'>,
  deleteChat: (id: string, call: ChatCall) => Promise<void>,
): MadeChats {
  const running = new Set<Promise<void>>()
  const noted = new Map<string, Promise<unknown>>()

  /** The answer is over, and its signal may have tripped: what is cleaned up has one of its own. */
  const background = (work: () => Promise<void>) => {
    const task = work()
      // Nobody is left to tell. The note stays, and the next sweep tries again.
      .catch(() => {})
      .then(() => {
        running.delete(task)
      })
    running.add(task)
  }
  const keyOf = (id: string, { credential }: Call) => `${prefixOf(credential.id)}${id}`
  const prefixOf = (credential: string) => `kimi-web:made:${credential}:`
  const discard = async (id: string, call: Call) => {
    await deleteChat(id, { ...call, signal: new AbortController().signal, limits: DELETE_LIMITS })
    await call.state.delete(keyOf(id, call))
  }

  return {
    note(id, call) {
      const key = keyOf(id, call)
      const noting = call.state.set(key, String(clock.now()), { ttlMs: NOTE_TTL_MS }).catch(() => {})
      noted.set(key, noting)
    },
    remove(id, call) {
      const key = keyOf(id, call)
      // Once for each.
      if (!noted.has(key)) return
      const noting = noted.get(key)
      noted.delete(key)
      background(async () => {
        await noting
        await discard(id, call)
      })
    },
    sweep(call) {
      background(async () => {
        const { state, credential } = call
        const isDue = await state.set(`kimi-web:swept:${credential.id}`, '1', { ttlMs: SWEEP_EVERY_MS, ifAbsent: true })
        if (!isDue) return
        const prefix = prefixOf(credential.id)
        const { keys } = await state.scan(prefix, SWEEP_AT_MOST)
        for (const key of keys) {
          const madeAt = Number(await state.get(key))
          // A younger one may belong to an answer that is still under way.
          if (clock.now() - madeAt >= SWEEP_EVERY_MS) await discard(key.slice(prefix.length), call)
        }
      })
    },
    async settled() {
      await Promise.all(running)
    },
  }
}
