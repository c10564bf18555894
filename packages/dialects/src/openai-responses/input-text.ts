const opening = /^\s*\{\s*"input"\s*:\s*"/
/** Longer beginnings are not waited for: no model writes that much space. */
const longestOpening = 64

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

/**
 * The text inside `{"input":"…"}` while it comes. What has another shape is handed on when it is whole: its `input`
 * where it has one, else as the model wrote it.
 */
export class InputText {
  #state: 'before' | 'inside' | 'after' | 'other' = 'before'
  #written = ''
  #escape = ''

  push(piece: string): string {
    switch (this.#state) {
      case 'before':
        return this.#begin(piece)
      case 'inside':
        return this.#decode(piece)
      case 'after':
        return ''
      case 'other':
        this.#written += piece
        return ''
    }
  }

  end(): string {
    return this.#state === 'before' || this.#state === 'other' ? inputOf(this.#written) : ''
  }

  #begin(piece: string): string {
    this.#written += piece
    const begun = opening.exec(this.#written)
    if (begun) {
      this.#state = 'inside'
      const text = this.#written.slice(begun[0].length)
      this.#written = ''
      return this.#decode(text)
    }
    if (this.#written.length > longestOpening) this.#state = 'other'
    return ''
  }

  #decode(piece: string): string {
    const text = this.#escape + piece
    this.#escape = ''
    let decoded = ''
    let from = 0
    for (let i = 0; i < text.length; i++) {
      const character = text[i]
      if (character === '"') {
        this.#state = 'after'
        return decoded + text.slice(from, i)
      }
      if (character !== '\\') continue
      decoded += text.slice(from, i)
      const length = text[i + 1] === 'u' ? 6 : 2
      if (i + length > text.length) {
        this.#escape = text.slice(i)
        return decoded
      }
      decoded += unescaped(text.slice(i + 1, i + length))
      i += length - 1
      from = i + 1
    }
    return decoded + text.slice(from)
  }
}

function unescaped(code: string): string {
  const kind = code[0] ?? ''
  return kind === 'u' ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[kind] ?? kind)
}

function inputOf(written: string): string {
  try {
    const value: unknown = JSON.parse(written)
    if (typeof value === 'object' && value !== null && 'input' in value && typeof value.input === 'string') {
      return value.input
    }
  } catch {
    // The text itself is the best there is: a custom tool takes any.
  }
  return written
}
