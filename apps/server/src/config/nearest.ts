/** The candidate that is likely to be meant by what was typed; case, `-` and `_` do not count. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const wanted = folded(typed)
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const other = folded(candidate)
    const isCutOff = wanted.length >= 3 && other.length >= 3 && (other.startsWith(wanted) || wanted.startsWith(other))
    const distance = isCutOff ? Math.min(1, Math.abs(wanted.length - other.length)) : editDistance(wanted, other)
    if (distance <= Math.max(1, candidate.length / 3) && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { candidate, distance }
    }
  }
  return best?.candidate
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(typed: string, candidates: Iterable<string>): string {
  const candidate = nearest(typed, candidates)
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`
}

// Longer names than this are no slips of the finger, and the distance costs the product of the lengths.
const maxLength = 64

function folded(name: string): string {
  return name.slice(0, maxLength).toLowerCase().replaceAll(/[-_]/g, '')
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1, swapped))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
