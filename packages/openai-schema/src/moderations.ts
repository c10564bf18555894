import { either, list, object, string, unread } from './fields.ts'
import { schemaFor } from './schema-for.ts'

/** The body of `POST /moderations`. */
export interface ModerationRequest {
  /** OpenAI's own default is `omni-moderation-latest`. */
  model?: string | null | undefined
  /** Texts, or parts of a message: `{ type: 'text', text }`, `{ type: 'image_url', image_url: { url } }`. */
  input: string | string[] | { type: string }[]
}

export interface ModerationResult {
  flagged: boolean
  categories: Record<string, boolean>
  category_scores: Record<string, number>
  category_applied_input_types?: Record<string, string[]> | undefined
}

/** The answer of `POST /moderations`. */
export interface ModerationAnswer {
  id: string
  model: string
  results: ModerationResult[]
}

export const moderationRequest = schemaFor<ModerationRequest>()(
  object({
    model: string.nullish(),
    input: either(
      'a string, an array of strings, or an array of parts',
      string.min(1),
      list(string, 'strings').min(1),
      list(unread<{ type: string }>(), 'parts').min(1),
    ),
  }),
)
