/** What a heap finds again: a small number that is its own as long as it is in any heap. */
export interface Indexed {
  readonly index: number
}

/**
 * A binary heap, least rank first, that knows where each of its items is: to set a rank anew and to take an item out
 * cost as little as to add one, O(log n). Ranks stand in an array of their own, so that sifting does not touch items.
 */
export class IndexedHeap<T extends Indexed> {
  readonly #items: T[] = []
  readonly #ranks: number[] = []
  /** By `index`: one more than the place in the heap, 0 where it is not in it. */
  readonly #places: number[] = []

  get size(): number {
    return this.#items.length
  }

  get top(): T | undefined {
    return this.#items[0]
  }

  /** Infinity when empty. */
  get topRank(): number {
    return this.#ranks[0] ?? Number.POSITIVE_INFINITY
  }

  has(item: T): boolean {
    return (this.#places[item.index] ?? 0) > 0
  }

  /** Adds the item, or gives it another rank. */
  set(item: T, rank: number): void {
    const place = this.#places[item.index] ?? 0
    if (place === 0) {
      while (this.#places.length <= item.index) this.#places.push(0)
      this.#items.push(item)
      this.#ranks.push(rank)
      this.#up(this.#items.length - 1, item, rank)
      return
    }
    const before = this.#ranks[place - 1] as number
    if (rank < before) this.#up(place - 1, item, rank)
    else if (rank > before) this.#down(place - 1, item, rank)
  }

  delete(item: T): void {
    const place = this.#places[item.index] ?? 0
    if (place === 0) return
    this.#places[item.index] = 0
    const last = this.#items.pop() as T
    const lastRank = this.#ranks.pop() as number
    if (last === item) return
    const removed = this.#ranks[place - 1] as number
    if (lastRank < removed) this.#up(place - 1, last, lastRank)
    else this.#down(place - 1, last, lastRank)
  }

  /** The first in order that is accepted. What stands before it is taken out and put back: O(log n) for each. */
  first(accepts: (item: T) => boolean): T | undefined {
    const skipped: T[] = []
    const ranks: number[] = []
    let found: T | undefined
    for (;;) {
      const top = this.#items[0]
      if (top === undefined) break
      if (accepts(top)) {
        found = top
        break
      }
      skipped.push(top)
      ranks.push(this.topRank)
      this.delete(top)
    }
    for (const [at, item] of skipped.entries()) this.set(item, ranks[at] as number)
    return found
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }

  #up(from: number, item: T, rank: number): void {
    const items = this.#items
    const ranks = this.#ranks
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = ranks[parent] as number
      if (above <= rank) break
      this.#put(at, items[parent] as T, above)
      at = parent
    }
    this.#put(at, item, rank)
  }

  #down(from: number, item: T, rank: number): void {
    const items = this.#items
    const ranks = this.#ranks
    const length = items.length
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      let least = ranks[child] as number
      if (child + 1 < length && (ranks[child + 1] as number) < least) least = ranks[++child] as number
      if (least >= rank) break
      this.#put(at, items[child] as T, least)
      at = child
    }
    this.#put(at, item, rank)
  }

  #put(at: number, item: T, rank: number): void {
    this.#items[at] = item
    this.#ranks[at] = rank
    this.#places[item.index] = at + 1
  }
}
