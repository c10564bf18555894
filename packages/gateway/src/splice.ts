/** Where a value stands in a text, half-open. */
interface Span {
  readonly from: number
  readonly to: number
}

interface Edit extends Span {
  readonly text: string
}

export interface Splice {
  /** The new value of `model`. */
  readonly model: string
  /** The value of `stream_options`, as it was parsed; undefined where it is to be left alone. */
  readonly streamOptions?: { readonly given: unknown } | undefined
}

/**
 * The same JSON object with another `model`, and asking for usage in its stream. Every other character stays: numbers
 * too long for JavaScript, spelling, order.
 *
 * @param body a JSON object that has been parsed and has a string as `model`
 * @returns undefined where a key to be changed stands there twice, so that two readers may differ on what it says
 */
export function spliced(body: string, { model, streamOptions }: Splice): string | undefined {
  const modelAt = topLevelValue(body, 'model')
  if (!modelAt) return undefined
  const edit = { ...modelAt, text: JSON.stringify(model) }
  if (!streamOptions || asksForUsage(streamOptions.given)) return edited(body, edit)

  if (streamOptions.given === undefined) {
    const start = body.indexOf('{') + 1
    return edited(body, { from: start, to: start, text: '"stream_options":{"include_usage":true},' }, edit)
  }
  const optionsAt = topLevelValue(body, 'stream_options')
  if (!optionsAt) return undefined
  const options = { ...optionsAt, text: JSON.stringify({ ...(streamOptions.given ?? {}), include_usage: true }) }
  return modelAt.from < optionsAt.from ? edited(body, edit, options) : edited(body, options, edit)
}

/** @param edits in the order of their places */
function edited(body: string, ...edits: readonly Edit[]): string {
  let whole = ''
  let at = 0
  for (const { from, to, text } of edits) {
    whole += body.slice(at, from) + text
    at = to
  }
  return whole + body.slice(at)
}

function asksForUsage(streamOptions: unknown): boolean {
  return (
    typeof streamOptions === 'object' &&
    streamOptions !== null &&
    'include_usage' in streamOptions &&
    streamOptions.include_usage === true
  )
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
