import { type Clock, systemClock } from '@dragoman/core'
import type { SessionVault, StoredSession } from './session-vault.ts'

/** A vault of this process, gone with it: for tests, and for pools that share sessions. */
export function memoryVault(options: { readonly clock?: Clock | undefined } = {}): SessionVault {
  const { clock = systemClock } = options
  const sessions = new Map<string, StoredSession>()
  const locks = new Map<string, { readonly until: number }>()
  return {
    async load(key) {
      return sessions.get(key)
    },
    async save(key, session) {
      sessions.set(key, session)
    },
    async delete(key) {
      sessions.delete(key)
    },
    async lock(key, ttlMs) {
      const held = locks.get(key)
      if (held && held.until > clock.elapsed()) return undefined
      const mine = { until: clock.elapsed() + ttlMs }
      locks.set(key, mine)
      return async () => {
        // Whoever held it for too long must not open his successor's.
        if (locks.get(key) === mine) locks.delete(key)
      }
    },
  }
}
