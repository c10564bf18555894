/** From here on a piece is kept as it came. */
const largeBytes = 2 * 1024

const blockBytes = 8 * 1024

/**
 * What has come of a body. A client can send its bytes one by one, and each would take hundreds of them in memory: small
 * pieces are copied together.
 */
export class Pieces {
  readonly #list: Buffer[] = []
  /** Where the last piece lies, when it may grow. */
  #block: Buffer | undefined

  /** Of these the last may still grow. */
  get list(): readonly Buffer[] {
    return this.#list
  }

  add(piece: Buffer): void {
    const last = this.#list.length - 1
    // Most bodies are one piece.
    if (last < 0 || piece.length >= largeBytes) {
      this.#list.push(piece)
      this.#block = undefined
      return
    }
    const used = this.#block ? (this.#list[last]?.length ?? 0) : 0
    if (this.#block && used + piece.length <= blockBytes) {
      piece.copy(this.#block, used)
      this.#list[last] = this.#block.subarray(0, used + piece.length)
      return
    }
    this.#block = Buffer.allocUnsafeSlow(blockBytes)
    piece.copy(this.#block)
    this.#list.push(this.#block.subarray(0, piece.length))
  }

  clear(): void {
    this.#list.length = 0
    this.#block = undefined
  }

  whole(): Buffer {
    const [first] = this.#list
    return first && this.#list.length === 1 ? first : Buffer.concat(this.#list)
  }
}
