/** A text cut at these places; those behind its end cut nothing. */
export function cutAt(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.filter((place) => place < text.length))].sort((a, b) => a - b)
  return [0, ...sorted].map((from, i) => text.slice(from, sorted[i] ?? text.length))
}
