/** A top-level value of a JSON object, as half-open byte positions. */
interface Span {
  readonly from: number
  readonly to: number
}

export interface Splice {
  /** The new value of `model`. */
  readonly model: string
  /** The value of `stream_options`, as it was parsed; undefined where it is to be left alone. */
  readonly streamOptions?: { readonly given: unknown } | undefined
}

/**
 * The same JSON object with another `model`, and asking for usage in its stream. Every other byte stays: numbers too long
 * for JavaScript, spelling, order.
 *
 * @param body a JSON object that has been parsed and has a string as `model`
 * @returns undefined where a key to be changed stands there twice, so that two readers may differ on what it says
 */
export function spliced(body: Uint8Array, { model, streamOptions }: Splice): Uint8Array | undefined {
  // One character per byte: positions in the text are positions in the body.
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const text = bytes.toString('latin1')
  const edits: (Span & { readonly text: string })[] = []

  const modelAt = topLevelValue(text, 'model')
  if (!modelAt) return undefined
  const modelJson = JSON.stringify(model)
  if (bytes.toString('utf8', modelAt.from, modelAt.to) !== modelJson) edits.push({ ...modelAt, text: modelJson })

  if (streamOptions) {
    const { given } = streamOptions
    if (given === undefined) {
      const start = text.indexOf('{') + 1
      edits.push({ from: start, to: start, text: '"stream_options":{"include_usage":true},' })
    } else if (!asksForUsage(given)) {
      const at = topLevelValue(text, 'stream_options')
      if (!at) return undefined
      edits.push({ ...at, text: JSON.stringify({ ...(given ?? {}), include_usage: true }) })
    }
  }
  return edits.length === 0 ? body : edited(bytes, edits)
}

function asksForUsage(streamOptions: unknown): boolean {
  return (
    typeof streamOptions === 'object' &&
    streamOptions !== null &&
    'include_usage' in streamOptions &&
    streamOptions.include_usage === true
  )
}

function edited(bytes: Buffer, edits: readonly (Span & { readonly text: string })[]): Uint8Array {
  const pieces: Uint8Array[] = []
  let at = 0
  for (const { from, to, text } of edits.toSorted((a, b) => a.from - b.from)) {
    pieces.push(bytes.subarray(at, from), Buffer.from(text))
    at = to
  }
  pieces.push(bytes.subarray(at))
  return Buffer.concat(pieces)
}

/**
 * Where the value of a top-level key stands. Undefined where the key is not there, or there more than once.
 *
 * Nearly always the key's text is in the body exactly once, which native search finds many times faster than any walk;
 * the object was parsed and has the key, so that one is it, unless the key may be spelled with escapes.
 */
export function topLevelValue(text: string, key: string): Span | undefined {
  const quoted = `"${key}"`
  const at = text.indexOf(quoted)
  if (at >= 0 && text.indexOf(quoted, at + quoted.length) < 0 && !hasEscapedAscii(text)) {
    return valueAfter(text, at + quoted.length)
  }
  return walk(text, key)
}

/** `\u0040` to `\u007f`: every letter of a key can be spelled so. */
function hasEscapedAscii(text: string): boolean {
  for (let at = text.indexOf('\\u00'); at >= 0; at = text.indexOf('\\u00', at + 4)) {
    const digit = text.charCodeAt(at + 4)
    if (digit >= 0x34 && digit <= 0x37) return true
  }
  return false
}

/** Reads the object key by key. */
function walk(text: string, key: string): Span | undefined {
  let found: Span | undefined
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (text[at] === '"') {
    const end = endOfString(text, at)
    const value = valueAfter(text, end)
    if (JSON.parse(text.slice(at, end)) === key) {
      if (found) return undefined
      found = value
    }
    at = skipSpace(text, value.to)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

function valueAfter(text: string, endOfKey: number): Span {
  const from = skipSpace(text, skipSpace(text, endOfKey) + 1) // the colon
  return { from, to: endOfValue(text, from) }
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (text.charCodeAt(i) <= 0x20) i++
  return i
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
  return text.length
}

function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        if (depth === 0) return at
        continue
      case '{':
      case '[':
        depth++
        break
      case '}':
      case ']':
        if (depth === 0) return at
        depth--
        if (depth === 0) return at + 1
        break
      case ',':
        if (depth === 0) return at
        break
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        if (depth === 0) return at
        break
    }
    at++
  }
  return at
}
