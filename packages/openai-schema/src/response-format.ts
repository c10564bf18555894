import { z } from 'zod'
import { boolean, dictionary, literal, object, openVariants, string, unread } from './fields.ts'
import { schemaFor } from './schema-for.ts'

/** The form the answer must have. */
export type ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat | ForeignFormat

export interface TextFormat {
  type: 'text'
}

/** Any JSON object. */
export interface JsonObjectFormat {
  type: 'json_object'
}

/** JSON that follows a schema. */
export interface JsonSchemaFormat {
  type: 'json_schema'
  json_schema: {
    name: string
    description?: string | null | undefined
    schema?: Record<string, unknown> | null | undefined
    strict?: boolean | null | undefined
  }
}

/**
 * A form that Chat Completions does not know and that some service takes.
 *
 * `type` names the ones seen in the wild, so that the other forms can be told apart by it. At run time it may be any
 * other string, and fields that are not named here may be present.
 */
export interface ForeignFormat {
  type: 'grammar' | 'regex' | 'structural_tag'
  grammar?: unknown
  pattern?: unknown
}

export const responseFormat = schemaFor<ResponseFormat>()(
  openVariants(
    'a response format (an object with a type)',
    [
      object({ type: literal('text') }),
      object({ type: literal('json_object') }),
      object({
        type: literal('json_schema'),
        json_schema: object({
          name: string,
          description: string.nullish(),
          schema: dictionary(z.unknown()).nullish(),
          strict: boolean.nullish(),
        }),
      }),
    ],
    unread<ForeignFormat>(),
  ),
)
