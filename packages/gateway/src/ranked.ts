/** By a number for each, the least first; equal ones stay in their order. */
export function ranked<T>(things: readonly T[], rankOf: (thing: T) => number): readonly T[] {
  const places = things.map((thing) => ({ thing, rank: rankOf(thing) }))
  // Not by their difference: that of two infinities is no number.
  places.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
  return places.map(({ thing }) => thing)
}
