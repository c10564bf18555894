import { anything, boolean, list, literal, number, object, string } from './fields.ts'
import { schemaFor } from './schema-for.ts'

/** One model of `GET /models`; also the body of `GET /models/{id}`. */
export interface Model {
  id: string
  object: 'model'
  /** Unix time in seconds. */
  created: number
  owned_by: string

  /** The same as `object`, where Anthropic's clients look for it. */
  type?: 'model' | undefined
  /** For pickers. */
  display_name?: string | null | undefined
  description?: string | null | undefined
  /** RFC 3339; the name Anthropic's clients read. */
  created_at?: string | null | undefined
  /** Tokens of input and output together. */
  context_length?: number | null | undefined
  /** The same under the names other interfaces read. */
  context_window?: number | null | undefined
  max_model_len?: number | null | undefined
  max_input_tokens?: number | null | undefined
  /** Most tokens of one answer. */
  max_output_tokens?: number | null | undefined
  /** Names of request fields the model knows. */
  supported_parameters?: string[] | null | undefined
  /** OpenRouter's form: decimal strings, US dollars per token. */
  pricing?: unknown
  architecture?: unknown
}

/** The body of `GET /models`. The optional fields are Anthropic's, so that one body suits the clients of both. */
export interface ModelList {
  object: 'list'
  data: Model[]
  has_more?: boolean | undefined
  first_id?: string | null | undefined
  last_id?: string | null | undefined
}

export const model = schemaFor<Model>()(
  object({
    id: string,
    object: literal('model'),
    created: number,
    owned_by: string,
    type: literal('model').optional(),
    display_name: string.nullish(),
    description: string.nullish(),
    created_at: string.nullish(),
    context_length: number.nullish(),
    context_window: number.nullish(),
    max_model_len: number.nullish(),
    max_input_tokens: number.nullish(),
    max_output_tokens: number.nullish(),
    supported_parameters: list(string, 'strings').nullish(),
    pricing: anything,
    architecture: anything,
  }),
)

export const modelList = schemaFor<ModelList>()(
  object({
    object: literal('list'),
    data: list(model, 'models'),
    has_more: boolean.optional(),
    first_id: string.nullish(),
    last_id: string.nullish(),
  }),
)
