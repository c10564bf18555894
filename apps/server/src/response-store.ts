import { DragomanError, OwnedEntries, type StateStore } from '@dragoman/core'
import { type InputItem, joinTurns, type ResponseObject, type StoredTurn } from '@dragoman/dialects/openai-responses'
import type { HoldBytes } from './http/body-budget.ts'

const keptMs = 30 * 24 * 60 * 60 * 1000

/** Of one client; a gigabyte of text at the most, since what they hold may be pictures. */
const maxResponses = 5_000
const maxCharacters = 1e9

/** Longer chains were not kept from their beginning anyway. */
const longestChain = 2_000

/** A response that its client may come back to. */
export interface StoredResponse extends StoredTurn {
  readonly response: ResponseObject
  readonly previousId?: string | undefined
}

/** Responses by the client key that made them; nobody else finds them. */
export class ResponseStore {
  readonly #responses: OwnedEntries
  /** Items of answers, once more, by their ids: a response brings all its input with it. */
  readonly #items: OwnedEntries
  /** Being written: who asks for one of these at once waits for it. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(state: StateStore) {
    const kept = { maxCharacters, ttlMs: keptMs }
    this.#responses = new OwnedEntries(state, { ...kept, kind: 'response', maxEntries: maxResponses })
    this.#items = new OwnedEntries(state, { ...kept, kind: 'response-item', maxEntries: maxResponses * 10 })
  }

  put(client: string, stored: StoredResponse): Promise<void> {
    const { id } = stored.response
    const writing = this.#write(client, stored).finally(() => this.#writing.delete(id))
    this.#writing.set(id, writing)
    return writing
  }

  /** @param hold told how large it is before it is read; it may throw */
  async get(client: string, id: string, hold?: HoldBytes): Promise<StoredResponse | undefined> {
    await this.#writing.get(id)?.catch(() => {}) // whoever wrote it was told
    const value = await this.#responses.get(client, id)
    hold?.(value?.length ?? 0)
    return value === undefined ? undefined : (JSON.parse(value) as StoredResponse) // as `put` wrote it
  }

  /** Whether there was one. */
  async delete(client: string, id: string): Promise<boolean> {
    const stored = await this.get(client, id)
    await this.#responses.delete(client, id)
    for (const item of stored?.items ?? []) if ('id' in item && item.id) await this.#items.delete(client, item.id)
    return stored !== undefined
  }

  /**
   * All items before a request that continues a response. Throws `previous_response_not_found` where one is missing.
   *
   * @param hold told how large each turn is before it is read: a chain can be far larger than the request that names it
   */
  async history(client: string, id: string, hold?: HoldBytes): Promise<InputItem[]> {
    const turns: StoredResponse[] = []
    for (let next: string | undefined = id; next !== undefined; next = turns[0]?.previousId) {
      const turn = turns.length < longestChain ? await this.get(client, next, hold) : undefined
      if (!turn) throw notFound(next)
      turns.unshift(turn)
    }
    return joinTurns(turns)
  }

  /** Items of earlier answers that a request refers to, as far as they are known. */
  async items(client: string, ids: readonly string[], hold?: HoldBytes): Promise<Map<string, InputItem>> {
    // They are written with their responses.
    await Promise.allSettled(this.#writing.values())
    const found = new Map<string, InputItem>()
    for (const id of ids) {
      const value = await this.#items.get(client, id)
      hold?.(value?.length ?? 0)
      if (value !== undefined) found.set(id, JSON.parse(value) as InputItem) // as `put` wrote it
    }
    return found
  }

  async #write(client: string, stored: StoredResponse): Promise<void> {
    const { id } = stored.response
    await this.#responses.set(client, id, JSON.stringify(stored))
    for (const item of stored.items) {
      if ('id' in item && item.id) await this.#items.set(client, item.id, JSON.stringify(item))
    }
  }
}

function notFound(id: string): DragomanError {
  const message = `previous_response_id: no response ${JSON.stringify(id.slice(0, 80))} is stored here for this key`
  return new DragomanError('invalid_request', message, {
    param: 'previous_response_id',
    publicCode: 'previous_response_not_found',
  })
}
