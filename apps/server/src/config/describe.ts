import type { ProviderFactory } from '@dragoman/core'
import { editorSchema } from './editor-schema.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'
import { referencePage } from './reference-page.ts'
import { configSchema } from './schema.ts'

export interface Description {
  /** JSON Schema, draft 2020-12, of dragoman.yaml: for editors. */
  readonly schema: JsonSchema
  /** The reference page, in Markdown. */
  readonly page: string
}

/** What a configuration may hold, for these types of provider. The same types in the same order give the same text. */
export function describe(factories: readonly ProviderFactory[]): Description {
  const schema = toJsonSchema(configSchema(factories))
  return { schema: editorSchema(schema), page: referencePage(schema) }
}
