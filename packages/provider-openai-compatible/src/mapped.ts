/** The same array where no element changed, so that a long history is not copied for nothing. */
export function mapped<T>(items: T[], change: (item: T) => T): T[] {
  const first = items.findIndex((item) => change(item) !== item)
  return first < 0 ? items : items.map((item, i) => (i < first ? item : change(item)))
}
