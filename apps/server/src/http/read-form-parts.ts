import { DragomanError } from '@dragoman/core'

/** A part of a form. Places are counted in bytes from the form's beginning. */
export interface FormPart {
  readonly name: string
  /** Of a file. */
  readonly filename: string | undefined
  /** Media type, where one is said. */
  readonly type: string | undefined
  readonly from: number
  readonly to: number
}

const mostParts = 1_000
const longestHead = 16 * 1024

const lineEnd = '\r\n'
const headEnd = '\r\n\r\n'

/**
 * Finds the parts of a `multipart/form-data` body (RFC 7578) as it comes. It keeps nothing but what may be half of a
 * boundary or of a head.
 */
export class FormParts {
  readonly #delimiter: Buffer
  readonly #onPart: (part: FormPart) => void
  /** What has not been looked at to its end, as if a line had ended before the form. */
  #rest: Buffer = Buffer.from(lineEnd)
  /** Where it begins. */
  #at = -lineEnd.length
  #state: 'content' | 'head' | 'over' = 'content'
  /** Undefined before the first boundary. */
  #part: Omit<FormPart, 'to'> | undefined
  #parts = 0

  /** @param onPart told of each part when its end is known */
  constructor(boundary: string, onPart: (part: FormPart) => void) {
    this.#delimiter = Buffer.from(`${lineEnd}--${boundary}`, 'latin1')
    this.#onPart = onPart
  }

  /** Whether the boundary that ends the form has been seen. */
  get isWhole(): boolean {
    return this.#state === 'over'
  }

  /** Throws `invalid_request` for what is no form. */
  push(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    while (this.#step()) {}
  }

  /** Whether there is more to be seen in what has come. */
  #step(): boolean {
    switch (this.#state) {
      case 'content':
        return this.#readContent()
      case 'head':
        return this.#readHead()
      case 'over':
        this.#skip(this.#rest.length) // what follows the form is no part of it
        return false
    }
  }

  #readContent(): boolean {
    const found = this.#rest.indexOf(this.#delimiter)
    if (found < 0) {
      this.#skip(Math.max(0, this.#rest.length - this.#delimiter.length + 1))
      return false
    }
    const after = found + this.#delimiter.length
    const line = this.#rest.subarray(after, after + 2).toString('latin1')
    if (line.length < 2) {
      this.#skip(found)
      return false
    }
    if (line !== '--' && line !== lineEnd) {
      // The beginning of another line: a boundary is a line of its own.
      this.#skip(found + 1)
      return true
    }
    if (this.#part) this.#onPart({ ...this.#part, to: Math.max(this.#part.from, this.#at + found) })
    this.#part = undefined
    this.#state = line === '--' ? 'over' : 'head'
    // The line's end may be that of an empty head as well.
    this.#skip(line === '--' ? after + 2 : after)
    return true
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(headEnd)
    const length = end < 0 ? this.#rest.length : end
    if (length > longestHead) throw invalid(`a part's head is longer than ${longestHead} bytes`)
    if (end < 0) return false
    if (++this.#parts > mostParts) throw invalid(`it has more than ${mostParts} parts`)
    this.#part = { ...readHead(this.#rest.subarray(0, end).toString('utf8')), from: this.#at + end + headEnd.length }
    this.#state = 'content'
    // The line's end before a boundary may be the last one of the head: a content can be empty.
    this.#skip(end + lineEnd.length)
    return true
  }

  #skip(bytes: number): void {
    this.#at += bytes
    this.#rest = this.#rest.subarray(bytes)
  }
}

function readHead(head: string): Omit<FormPart, 'from' | 'to'> {
  const disposition = /(?:^|\r\n)content-disposition:[ \t]*form-data([^\r\n]*)/i.exec(head)?.[1]
  const parameters = readParameters(disposition ?? '')
  const name = parameters.get('name')
  if (name === undefined) throw invalid('a part has no name')
  const type = /(?:^|\r\n)content-type:[ \t]*([^\r\n;]+)/i.exec(head)?.[1]
  return { name, filename: extended(parameters.get('filename*')) ?? parameters.get('filename'), type: type?.trim() }
}

/**
 * `; name="model"; filename="a.wav"`. Strict, because whoever reads the form after us should see the same fields in it:
 * what a name is must not be a matter of opinion.
 */
function readParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  const parameter = /\s*;\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/y
  while (parameter.lastIndex < text.trimEnd().length) {
    const [found, name = '', quoted, bare = ''] = parameter.exec(text) ?? []
    const key = name.toLowerCase()
    if (found === undefined || key === 'name*' || parameters.has(key)) throw invalid('the head of a part is not plain')
    parameters.set(key, quoted === undefined ? bare : unescaped(quoted))
  }
  return parameters
}

/** As browsers and curl escape it. */
function unescaped(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1').replace(/%22|%0D|%0A/gi, (code) => decodeURIComponent(code))
}

/** `UTF-8''na%C3%AFve.txt` (RFC 5987). */
function extended(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value ?? '') ?? []
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    return undefined // then the plain name counts
  }
}

function invalid(problem: string): DragomanError {
  return new DragomanError('invalid_request', `The body is no multipart/form-data: ${problem}`)
}
