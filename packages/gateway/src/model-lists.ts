import {
  type Clock,
  type Credential,
  DragomanError,
  type Lease,
  memoryState,
  type StateStore,
  untilAborted,
} from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import type { ProviderEntry } from './deployments.ts'

const freshMs = 600_000
/** After a failure, and before a name that nobody lists is looked for once more (a model may just have been pulled). */
const againMs = 30_000
const waitMs = 5_000
/** What a provider knows by itself needs no call. */
const unaskedMs = 1_000
/** Stands in where no credential is to be had. */
const nobody: Credential = { id: 'none', values: {} }

interface List {
  /** On the clock that does not jump. */
  readAt: number | undefined
  failedAt: number | undefined
  refreshing: Promise<void> | undefined
}

/** What providers list, kept for ten minutes. A list that cannot be read anew stays as it was. */
export class ModelLists {
  /** As far as they were read, by provider id; it changes as they are. */
  readonly known: ReadonlyMap<string, readonly Model[]>
  #lists = new Map<string, List>()
  #models = new Map<string, readonly Model[]>()
  #version = 0
  #clock: Clock
  #state: StateStore

  constructor(clock: Clock, state: StateStore = memoryState({ clock })) {
    this.#clock = clock
    this.#state = state
    this.known = this.#models
  }

  /** Another one for each change of `known`. */
  get version(): number {
    return this.#version
  }

  /** What others have read of these providers. */
  take(others: ModelLists, entries: readonly ProviderEntry[]): void {
    for (const { id } of entries) {
      const list = others.#lists.get(id)
      const models = others.#models.get(id)
      if (list) this.#lists.set(id, { ...list, refreshing: undefined })
      if (models) this.#models.set(id, models)
    }
    this.#version++
  }

  /** Of all these providers at once; waits a few seconds at the most for those that are stale. */
  async read(entries: readonly ProviderEntry[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly Model[]>> {
    await Promise.all(entries.map((entry) => this.#refreshed(entry, freshMs)))
    signal.throwIfAborted()
    return this.known
  }

  /** For a name that nobody lists: waits only for lists that were never read, and has old ones read meanwhile. */
  async readMissing(entries: readonly ProviderEntry[], signal: AbortSignal): Promise<void> {
    const unread = entries.filter(({ id }) => {
      const list = this.#lists.get(id)
      return list?.readAt === undefined && list?.failedAt === undefined
    })
    for (const entry of entries) this.#refreshed(entry, againMs)
    await Promise.all(unread.map((entry) => this.#refreshed(entry, freshMs)))
    signal.throwIfAborted()
  }

  #refreshed(entry: ProviderEntry, maxAgeMs: number): Promise<void> | undefined {
    const list = this.#lists.get(entry.id) ?? { readAt: undefined, failedAt: undefined, refreshing: undefined }
    this.#lists.set(entry.id, list)
    const now = this.#clock.elapsed()
    if (list.readAt !== undefined && now - list.readAt < maxAgeMs) return undefined
    if (list.failedAt !== undefined && now - list.failedAt < againMs) return undefined
    list.refreshing ??= this.#refresh(entry, list).finally(() => {
      list.refreshing = undefined
    })
    return list.refreshing
  }

  async #refresh(entry: ProviderEntry, list: List): Promise<void> {
    const { id, provider, credentials } = entry
    if (!provider.models) {
      list.readAt = Number.POSITIVE_INFINITY
      return
    }
    const take = (models: readonly Model[]) => {
      this.#models.set(id, models)
      this.#version++
    }
    const read = (credential: Credential, signal: AbortSignal) =>
      untilAborted(provider.models?.({ credential, signal, state: this.#state }) ?? Promise.resolve([]), signal)
    let lease: Lease | undefined
    try {
      const models = await this.#within(waitMs, id, async (signal) => {
        lease = await untilAborted(Promise.resolve(credentials.lease({ signal })), signal)
        return read(lease.credential, signal)
      })
      take(models)
      list.readAt = this.#clock.elapsed()
      list.failedAt = undefined
    } catch {
      // A list is a convenience: names still work as `<provider>/<model>`, and the call itself will tell what is wrong.
      list.failedAt = this.#clock.elapsed()
      if (lease || list.readAt !== undefined) return
      // Most sessions have a list that needs no call. Without it the models of an account that cannot sign in at the
      // moment would be names that nobody knows, and the default model would answer in their place.
      await this.#within(unaskedMs, id, (signal) => read(nobody, signal)).then(take, () => {})
    } finally {
      // Whether a list can be read says nothing about chats.
      lease?.settle({ kind: 'aborted' })
    }
  }

  /** Shared by all who ask meanwhile, so only time ends it. */
  async #within<T>(ms: number, provider: string, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const late = new DragomanError('upstream_timeout', `${provider} did not list its models within ${ms} ms`)
    const cancel = this.#clock.schedule(() => controller.abort(late), ms)
    try {
      return await untilAborted(act(controller.signal), controller.signal)
    } finally {
      cancel()
    }
  }
}

/**
 * The list for clients: groups first, then what providers list, bare and as `<provider>/<model>`.
 * Ids are unique; the first in the order of configuration has the bare one.
 */
export function listModels(
  groupNames: readonly string[],
  entries: readonly ProviderEntry[],
  listed: ReadonlyMap<string, readonly Model[]>,
): readonly Model[] {
  const models = new Map<string, Model>()
  const add = (model: Model) => {
    if (!models.has(model.id)) models.set(model.id, model)
  }
  for (const id of groupNames) {
    if (!id.endsWith('*')) add({ id, object: 'model', created: 0, owned_by: 'dragoman' })
  }
  for (const { id } of entries) for (const model of listed.get(id) ?? []) add(model)
  for (const { id } of entries) for (const model of listed.get(id) ?? []) add({ ...model, id: `${id}/${model.id}` })
  return [...models.values()]
}
