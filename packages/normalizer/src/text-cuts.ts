// For tests only: ways to deliver a text, cut between code units, also inside surrogate pairs.

/** All ways to deliver the text in two pieces, in order of the place of the cut. */
export function everyCut(text: string): (readonly string[])[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)])
}

/** Random pieces, the same ones for the same seed: short and long ones are both frequent, some are empty. */
export function seededPieces(text: string, seed: number): string[] {
  const random = randomFrom(seed)
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    // The exponent is drawn first: lengths of 1 are then as likely as lengths of hundreds.
    const length = random() < 0.1 ? 0 : Math.ceil(2 ** (random() * 9))
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

/** mulberry32. Gives numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
