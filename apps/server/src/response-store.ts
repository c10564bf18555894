import { DragomanError, OwnedEntries, type StateStore } from '@dragoman/core'
import { type InputItem, joinTurns, type ResponseObject, type StoredTurn } from '@dragoman/dialects/openai-responses'

const keptMs = 30 * 24 * 60 * 60 * 1000

/** Of one client. */
const maxResponses = 5_000

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
  /** The response that an item of an answer is in, by the item's id. */
  readonly #items: OwnedEntries
  /** Being written: who asks for one of these at once waits for it. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(state: StateStore) {
    this.#responses = new OwnedEntries(state, { kind: 'response', maxEntries: maxResponses, ttlMs: keptMs })
    this.#items = new OwnedEntries(state, { kind: 'response-item', maxEntries: maxResponses * 10, ttlMs: keptMs })
  }

  put(client: string, stored: StoredResponse): Promise<void> {
    const { id } = stored.response
    const writing = this.#write(client, stored).finally(() => this.#writing.delete(id))
    this.#writing.set(id, writing)
    return writing
  }

  async get(client: string, id: string): Promise<StoredResponse | undefined> {
    await this.#writing.get(id)?.catch(() => {}) // whoever wrote it was told
    const value = await this.#responses.get(client, id)
    return value === undefined ? undefined : (JSON.parse(value) as StoredResponse) // as `put` wrote it
  }

  /** Whether there was one. */
  async delete(client: string, id: string): Promise<boolean> {
    const stored = await this.get(client, id)
    await this.#responses.delete(client, id)
    return stored !== undefined
  }

  /** All items before a request that continues a response. Throws `previous_response_not_found` where one is missing. */
  async history(client: string, id: string): Promise<InputItem[]> {
    const turns: StoredResponse[] = []
    for (let next: string | undefined = id; next !== undefined; next = turns[0]?.previousId) {
      const turn = turns.length < longestChain ? await this.get(client, next) : undefined
      if (!turn) throw notFound(next)
      turns.unshift(turn)
    }
    return joinTurns(turns)
  }

  /** Items of earlier answers that a request refers to, as far as they are known. */
  async items(client: string, ids: readonly string[]): Promise<Map<string, InputItem>> {
    // Which response an item is in is written with the response.
    await Promise.allSettled(this.#writing.values())
    const found = new Map<string, InputItem>()
    for (const id of ids) {
      const responseId = await this.#items.get(client, id)
      const stored = responseId === undefined ? undefined : await this.get(client, responseId)
      const item = stored?.items.find((candidate) => 'id' in candidate && candidate.id === id)
      if (item) found.set(id, item)
    }
    return found
  }

  async #write(client: string, stored: StoredResponse): Promise<void> {
    const { id } = stored.response
    await this.#responses.set(client, id, JSON.stringify(stored))
    for (const item of stored.items) if ('id' in item && item.id) await this.#items.set(client, item.id, id)
  }
}

function notFound(id: string): DragomanError {
  const message = `previous_response_id: no response ${JSON.stringify(id.slice(0, 80))} is stored here for this key`
  return new DragomanError('invalid_request', message, {
    param: 'previous_response_id',
    publicCode: 'previous_response_not_found',
  })
}
