import { join } from 'node:path'
import { type Clock, memoryState, type StateStore } from '@dragoman/core'
import type { Logger } from 'pino'

export interface ServerState extends StateStore {
  close(): Promise<void>
}

/**
 * Conversations and the like, in `state.db` of the store's folder, opened by whoever needs it first: most services keep
 * nothing, and a start need not load SQLite. Where there can be no such file they are kept in memory, which is said.
 */
export function serverState(folder: string, clock: Clock, log: Pick<Logger, 'warn'>): ServerState {
  let opening: Promise<ServerState> | undefined
  const open = () => {
    opening ??= openFile(join(folder, 'state.db'), clock, log)
    return opening
  }
  return {
    get: async (key) => (await open()).get(key),
    set: async (key, value, options) => (await open()).set(key, value, options),
    increment: async (key, by, options) => (await open()).increment(key, by, options),
    delete: async (key) => (await open()).delete(key),
    lock: async (key, ttlMs) => (await open()).lock(key, ttlMs),
    compareAndSet: async (key, expected, value, options) => (await open()).compareAndSet(key, expected, value, options),
    scan: async (prefix, limit, cursor) => (await open()).scan(prefix, limit, cursor),
    close: async () => (await opening)?.close(),
  }
}

async function openFile(path: string, clock: Clock, log: Pick<Logger, 'warn'>): Promise<ServerState> {
  try {
    const { sqliteState } = await import('@dragoman/store/sqlite')
    return sqliteState({ path, clock })
  } catch (err) {
    log.warn({ err }, `${path} cannot be used: conversations are kept in memory, and end with this process`)
    return { ...memoryState({ clock }), close: async () => {} }
  }
}
