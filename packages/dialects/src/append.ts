/** Adds many to a list. `push(...more)` puts them on the stack, which overflows where a client sends a hundred thousand. */
export function append<T>(list: T[], more: readonly T[]): void {
  for (const each of more) list.push(each)
}
