import type { ToolCallDelta } from '@dragoman/openai-schema'

/**
 * Calls that the site's model makes of its own tools. A client hears of one only where it has a tool of that name: all
 * others have run by the time they are told.
 *
 * The arguments are a JSON string inside of a block that may be cut; what is missing comes in the next frame, without a
 * block, up to the closing of that string.
 */
export class SiteCalls {
  readonly #names: ReadonlySet<string>
  #open: { id: string; name: string; arguments: string; lastIndex: number } | undefined
  #count = 0

  constructor(names: ReadonlySet<string>) {
    this.#names = names
  }

  /** Calls that a client was told of. */
  get count(): number {
    return this.#count
  }

  take(text: string, index: unknown): void {
    const at = typeof index === 'number' ? index : Number.POSITIVE_INFINITY
    const block = /<glm_block\b[^>]*>(.*)/s.exec(text)?.[1]
    if (block !== undefined) {
      const [, id] = /"id"\s*:\s*"([^"]*)"/.exec(block) ?? []
      const [, name] = /"name"\s*:\s*"([^"]*)"/.exec(block) ?? []
      const [, written] = /"arguments"\s*:\s*"((?:[^"\\]|\\.)*)/s.exec(block) ?? []
      if (id === undefined || name === undefined || id === this.#open?.id) return
      this.#open = { id, name, arguments: written ?? '', lastIndex: at }
      return
    }
    // A frame that is not further on says again what was said.
    if (!this.#open || at <= this.#open.lastIndex) return
    this.#open.lastIndex = at
    this.#open.arguments += /^(.*?)"\s*,\s*"result"/s.exec(text)?.[1] ?? text
  }

  /** The call that is over now, if it concerns the client. */
  end(): ToolCallDelta | undefined {
    const call = this.#open
    this.#open = undefined
    if (!call || !this.#names.has(call.name)) return undefined
    return {
      index: this.#count++,
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: unescaped(call.arguments) },
    }
  }
}

/** The inside of a JSON string as text; as it came where it is none. */
function unescaped(inside: string): string {
  try {
    const text: unknown = JSON.parse(`"${inside}"`)
    return typeof text === 'string' ? text : inside
  } catch {
    return inside // nothing is guessed
  }
}
