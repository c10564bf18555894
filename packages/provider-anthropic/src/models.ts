import { DragomanError } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'

/** One page of `GET /v1/models`. */
export interface ModelPage {
  readonly models: readonly Model[]
  /** What to ask behind, where there is more. */
  readonly after: string | undefined
}

/** Throws `upstream_protocol` for what is no list. */
export function decodePage(answer: unknown): ModelPage {
  const { data, has_more, last_id } = fieldsOf(answer)
  if (!Array.isArray(data)) {
    throw new DragomanError('upstream_protocol', 'The list of models of Anthropic is not one', { origin: 'upstream' })
  }
  const models = data.flatMap((entry: unknown) => {
    const fields = fieldsOf(entry)
    return typeof fields.id === 'string' ? [toModel(fields.id, fields)] : []
  })
  return { models, after: has_more === true && typeof last_id === 'string' ? last_id : undefined }
}

export function toModel(id: string, fields: Readonly<Record<string, unknown>> = {}): Model {
  const createdMs = typeof fields.created_at === 'string' ? Date.parse(fields.created_at) : Number.NaN
  const created = Number.isNaN(createdMs) ? 0 : Math.floor(createdMs / 1000)
  return { ...fields, id, object: 'model', type: 'model', created, owned_by: 'anthropic' }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
