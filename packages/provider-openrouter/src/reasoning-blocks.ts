import { ReasoningDetails } from '@dragoman/core'
import type { ReasoningDetail } from '@dragoman/openai-schema'

/**
 * Gives the pieces of a stream the index that their block has in a whole answer. OpenRouter numbers all of them 0,
 * whatever they belong to (OpenRouterTeam/ai-sdk-provider#519), and whoever joins by index would join a summary with
 * what is encrypted beside it: a block ends where the kind changes, and behind a signature.
 */
export class ReasoningBlocks {
  #before: ReasoningDetail | undefined
  #isSigned = false
  #index = -1

  /** The same object where its index is right. */
  numbered(piece: ReasoningDetail): ReasoningDetail {
    if (!this.#goesOn(piece)) {
      this.#index++
      this.#isSigned = false
    }
    if (piece.type === 'reasoning.text' && piece.signature) this.#isSigned = true
    this.#before = piece
    return piece.index === this.#index ? piece : { ...piece, index: this.#index }
  }

  #goesOn(piece: ReasoningDetail): boolean {
    const before = this.#before
    if (piece.type !== before?.type || (piece.index ?? before.index) !== before.index) return false
    // All others come whole: the signatures of parallel calls, a redacted thought, kinds that are not known here.
    if (piece.type !== 'reasoning.text' && piece.type !== 'reasoning.summary') return false
    return !(this.#isSigned && piece.type === 'reasoning.text' && piece.text)
  }
}

/**
 * Whole details of pieces: clients that keep those of a stream send them back one by one, and a signature proves the
 * whole text only. The same array where nothing was in pieces: details go back as they came.
 */
export function joinedDetails(details: ReasoningDetail[]): ReasoningDetail[] {
  const blocks = new ReasoningBlocks()
  const joined = new ReasoningDetails()
  for (const detail of details) joined.add(blocks.numbered(detail))
  return joined.size < details.length ? joined.list() : details
}
