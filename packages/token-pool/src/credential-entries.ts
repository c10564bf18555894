/** Where something stands in a text: `:3` or `[0]` behind its name, and `line 3` or `entry [0]` in a sentence. */
export interface Place {
  readonly suffix: string
  readonly words: string
}

/** Something that should be a credential, or what is in its place. */
export type Entry =
  | { readonly place: Place; readonly kind: 'value'; readonly value: unknown }
  | { readonly place: Place; readonly kind: 'problem'; readonly problem: string }

/**
 * Finds out by itself how a text holds its credentials: a JSON array or object, or lines of tokens and JSON objects.
 * Never throws, and no problem holds a piece of the text.
 */
export function* entriesOf(text: string): Iterable<Entry> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  const start = body.trimStart()
  if (start.startsWith('[')) return yield* arrayEntries(body)
  if (start.startsWith('{')) {
    const whole = parsed(body)
    // Otherwise there is one object per line.
    if (whole.kind === 'json') return yield { place: line(lineAt(body, body.indexOf('{'))), ...found(whole.value) }
  }
  yield* lineEntries(body)
}

function* arrayEntries(body: string): Iterable<Entry> {
  const whole = parsed(body)
  if (whole.kind === 'broken') {
    const place = whole.at === undefined ? { suffix: '', words: '' } : line(lineAt(body, whole.at))
    return yield { place, kind: 'problem', problem: `${whole.problem}, so no entry of this list can be read` }
  }
  const list: readonly unknown[] = Array.isArray(whole.value) ? whole.value : []
  for (const [i, value] of list.entries()) yield { place: { suffix: `[${i}]`, words: `entry [${i}]` }, ...found(value) }
}

function* lineEntries(body: string): Iterable<Entry> {
  let number = 0
  for (const whole of body.split(/\r?\n/)) {
    const place = line(++number)
    const text = whole.trim()
    if (text === '' || text.startsWith('#')) continue
    if (text.startsWith('[')) {
      yield { place, kind: 'problem', problem: 'begins a JSON list, which has to stand alone: without lines before it' }
    } else if (text.startsWith('{')) {
      const object = parsed(text)
      yield {
        place,
        ...(object.kind === 'json' ? found(object.value) : ({ kind: 'problem', problem: object.problem } as const)),
      }
    } else {
      for (const token of tokensOf(text)) yield { place, ...found(token) }
    }
  }
}

/** Several tokens may share a line; a comma at its end separates nothing. */
function tokensOf(text: string): string[] {
  const tokens = text.split(',').map((token) => token.trim())
  if (tokens.length > 1 && tokens.at(-1) === '') tokens.pop()
  return tokens
}

const found = (value: unknown) => ({ kind: 'value', value }) as const

const line = (number: number): Place => ({ suffix: `:${number}`, words: `line ${number}` })

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

type Parsed =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly problem: string; readonly at: number | undefined }

function parsed(text: string): Parsed {
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch (error) {
    // The parser's own words quote the text, and with it the secret: nothing but the position is taken from them.
    const message = error instanceof Error ? error.message : ''
    const at = /\bat position (\d+)/.exec(message)?.[1]
    const isCut = at !== undefined ? Number(at) >= text.trimEnd().length : message.includes('end of JSON')
    const problem = isCut ? 'ends in the middle of its JSON' : 'is not valid JSON'
    return { kind: 'broken', problem, at: at === undefined ? undefined : Number(at) }
  }
}
