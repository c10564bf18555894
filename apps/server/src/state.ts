import { join } from 'node:path'
import { type Clock, memoryState, type StateStore } from '@dragoman/core'
import { sqliteState } from '@dragoman/store/sqlite'
import type { Logger } from 'pino'

export interface ServerState extends StateStore {
  close(): Promise<void>
}

/**
 * Conversations and the like, in `state.db` of the store's folder, opened by whoever needs it first: most services keep
 * nothing. Where there can be no such file they are kept in memory, which is said.
 */
export function serverState(folder: string, clock: Clock, log: Pick<Logger, 'warn'>): ServerState {
  let opened: { readonly store: StateStore; close(): Promise<void> } | undefined
  const open = () => {
    opened ??= openFile(folder, clock, log)
    return opened.store
  }
  return {
    get: async (key) => open().get(key),
    set: async (key, value, options) => open().set(key, value, options),
    increment: async (key, by, options) => open().increment(key, by, options),
    delete: async (key) => open().delete(key),
    lock: async (key, ttlMs) => open().lock(key, ttlMs),
    compareAndSet: async (key, expected, value, options) => open().compareAndSet(key, expected, value, options),
    scan: async (prefix, limit, cursor) => open().scan(prefix, limit, cursor),
    close: async () => opened?.close(),
  }
}

function openFile(folder: string, clock: Clock, log: Pick<Logger, 'warn'>) {
  const path = join(folder, 'state.db')
  try {
    const store = sqliteState({ path, clock })
    return { store, close: () => store.close() }
  } catch (err) {
    log.warn({ err }, `${path} cannot be used: conversations are kept in memory, and end with this process`)
    return { store: memoryState({ clock }), close: async () => {} }
  }
}
