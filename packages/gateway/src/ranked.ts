/** By a number for each, the least first; equal ones stay in their order. For lists as short as a group of models is. */
export function ranked<T>(things: readonly T[], rankOf: (thing: T) => number): readonly T[] {
  const order: T[] = []
  const ranks: number[] = []
  for (const thing of things) {
    const rank = rankOf(thing)
    let at = order.length
    for (; at > 0 && rank < (ranks[at - 1] ?? rank); at--) {
      order[at] = order[at - 1] as T // there is one before each place but the first
      ranks[at] = ranks[at - 1] ?? rank
    }
    order[at] = thing
    ranks[at] = rank
  }
  return order
}
