const allowed = /^[a-zA-Z0-9_-]{1,128}$/

/** Names of tools as Messages takes them, and back, for one request. */
export class ToolNames {
  readonly #written = new Map<string, string>()
  readonly #given = new Map<string, string>()

  /** Declared tools are to come first: a name that needs no change then keeps it. */
  write(name: string): string {
    const known = this.#written.get(name)
    if (known !== undefined) return known
    const base = allowed.test(name) ? name : name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 120) || 'tool'
    let written = base
    for (let i = 2; this.#given.has(written); i++) written = `${base}_${i}`
    this.#written.set(name, written)
    this.#given.set(written, name)
    return written
  }

  /** The name that stands behind one in an answer; the model may also make one up. */
  read(name: string): string {
    return this.#given.get(name) ?? name
  }
}
