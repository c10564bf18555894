/** One way to deliver bytes: the pieces in order, none of them empty. Joined they are the input. */
export type Cut = readonly Uint8Array[]

/** All ways to deliver the input in two pieces, in order of the place of the cut. */
export function everyCut(input: string | Uint8Array): Cut[] {
  const bytes = bytesOf(input)
  const cuts: Cut[] = []
  for (let at = 1; at < bytes.length; at++) cuts.push([bytes.subarray(0, at), bytes.subarray(at)])
  return cuts
}

/** The input one byte at a time. */
export function everyByte(input: string | Uint8Array): Cut {
  const bytes = bytesOf(input)
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}

/**
 * One piece per server-sent event: cut after each blank line, whatever its line ends are (`\n`, `\r\n`, `\r`). What
 * follows the last one is a piece too. Works on bytes and knows nothing of fields, so it shares no mistake with a parser.
 */
export function everyEvent(input: string | Uint8Array): Cut {
  const bytes = bytesOf(input)
  const pieces: Uint8Array[] = []
  let start = 0
  let lineIsEmpty = true
  for (let at = 0; at < bytes.length; at++) {
    const isReturn = bytes[at] === 0x0d
    if (!isReturn && bytes[at] !== 0x0a) {
      lineIsEmpty = false
      continue
    }
    if (isReturn && bytes[at + 1] === 0x0a) at++
    if (lineIsEmpty) {
      pieces.push(bytes.subarray(start, at + 1))
      start = at + 1
    }
    lineIsEmpty = true
  }
  if (start < bytes.length) pieces.push(bytes.subarray(start))
  return pieces
}

/** `count` deliveries in random pieces, the same ones for the same seed. Short and long pieces are both frequent. */
export function seededCuts(input: string | Uint8Array, seed: number, count: number): Cut[] {
  const bytes = bytesOf(input)
  const random = randomFrom(seed)
  return Array.from({ length: count }, () => {
    const pieces: Uint8Array[] = []
    // The exponent is drawn first: lengths of 1 are then as likely as lengths of hundreds.
    for (let at = 0; at < bytes.length; ) {
      const longest = 2 ** (random() * 10)
      const length = 1 + Math.floor(random() * longest)
      pieces.push(bytes.subarray(at, at + length))
      at += length
    }
    return pieces
  })
}

/** The same for text, cut between code units: also inside surrogate pairs, as a decoder of tokens may do. */
export function everyTextCut(input: string): (readonly string[])[] {
  return Array.from({ length: Math.max(0, input.length - 1) }, (_, i) => [input.slice(0, i + 1), input.slice(i + 1)])
}

function bytesOf(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : input
}

/** mulberry32: small, fast, and good enough to pick places. Gives numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
