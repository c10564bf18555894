import { DragomanError, isRecord } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import type { Fields } from './record.ts'

export interface ModelListOptions {
  /** For `owned_by` where the service does not say. */
  readonly owner: string
  /** Stands before every id and is taken off. */
  readonly prefix?: string
}

/**
 * The models of an answer to `GET /models`: `{ data: [...] }` (OpenAI), `{ models: [...] }` or a plain array
 * (Together). Fields beyond OpenAI's stay. Throws `upstream_protocol` for anything else.
 */
export function decodeModels(answer: unknown, { owner, prefix = '' }: ModelListOptions): Model[] {
  const list = Array.isArray(answer) ? answer : isRecord(answer) ? listIn(answer) : undefined
  if (!Array.isArray(list)) {
    throw new DragomanError('upstream_protocol', `The list of models of ${owner} is not one`, { origin: 'upstream' })
  }
  return list.flatMap((entry: unknown) => {
    const fields = isRecord(entry) ? entry : { id: entry }
    const id = [fields.id, fields.name, fields.model].find((name) => typeof name === 'string' && name !== '')
    return typeof id === 'string' ? [toModel(id.startsWith(prefix) ? id.slice(prefix.length) : id, owner, fields)] : []
  })
}

/** Ollama without any model says that `data` is null; where nothing says that it is a list, that may be an error. */
function listIn(answer: Fields): unknown {
  const isEmpty = answer.object === 'list' && answer.data === null
  return answer.data ?? answer.models ?? (isEmpty ? [] : undefined)
}

/** A model of which only the name is known. */
export function toModel(id: string, owner: string, fields: Fields = {}): Model {
  const created = typeof fields.created === 'number' ? fields.created : 0
  const owned_by = typeof fields.owned_by === 'string' ? fields.owned_by : owner
  return { ...fields, id, object: 'model', created, owned_by }
}
