import { literal, number, object, openVariants, string, unread } from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/**
 * One piece of reasoning in OpenRouter's form. Carries what plain `reasoning_content` cannot: signatures, summaries
 * and sealed reasoning. Goes back to its origin unmodified and in order; there a kind not named here passes too.
 *
 * In a stream, pieces of the same `type` and `index` belong together and their texts are joined.
 */
export type ReasoningDetail = ReasoningText | ReasoningSummary | ReasoningEncrypted

export interface ReasoningOrigin {
  id?: string | null | undefined
  /** Whose form it is, for instance whose signature. */
  format?:
    | Open<'unknown' | 'openai-responses-v1' | 'anthropic-claude-v1' | 'google-gemini-v1' | 'xai-responses-v1'>
    | null
    | undefined
  /** Position among the details of the message. */
  index?: number | null | undefined
}

export interface ReasoningText extends ReasoningOrigin {
  type: 'reasoning.text'
  text?: string | null | undefined
  /** Proof of origin, required back by Anthropic's models. */
  signature?: string | null | undefined
}

export interface ReasoningSummary extends ReasoningOrigin {
  type: 'reasoning.summary'
  summary: string
}

/** Reasoning only its origin can read; also carries Gemini's thought signatures, `id` being the tool call's. */
export interface ReasoningEncrypted extends ReasoningOrigin {
  type: 'reasoning.encrypted'
  data: string
}

const origin = { id: string.nullish(), format: string.nullish(), index: number.nullish() }

export const reasoningDetail = schemaFor<ReasoningDetail>()(
  openVariants(
    'a reasoning detail (an object with a type)',
    [
      object({ type: literal('reasoning.text'), text: string.nullish(), signature: string.nullish(), ...origin }),
      object({ type: literal('reasoning.summary'), summary: string, ...origin }),
      object({ type: literal('reasoning.encrypted'), data: string, ...origin }),
    ],
    unread<ReasoningDetail>(),
  ),
)
