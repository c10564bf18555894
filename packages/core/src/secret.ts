const hidden = '[secret]'

/**
 * A string that does not print itself: `String()`, `JSON.stringify`, template literals and `console.log` show
 * `[secret]`. Only `reveal()` gives the value, so that a search for it finds every use.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden
  }
}
