import { DragomanError, isRecord } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import { readVariant } from './model-variant.ts'
import { recordOf, textOf } from './record.ts'

/** What is known of the account's models. */
export interface ListedModels {
  readonly ids: ReadonlySet<string>
  /** Whether a model sees images, for those of which that is said. */
  readonly sight: ReadonlyMap<string, boolean>
  /** With the names of their variants. */
  readonly models: readonly Model[]
}

const bases = ['qwen-max', 'qwen-plus', 'qwen-turbo', 'qwen-long']
const founding = [
  ...bases.flatMap((id) =>
    ['', '-thinking', '-search', '-image', '-image-edit', '-deep-research'].map((ending) => id + ending),
  ),
  ...['qwen-max-latest', 'qwen-max-0428', 'qwen-plus-latest', 'qwen-turbo-latest', 'qwen-deep-research'],
  ...['qwen3-coder-plus', 'qwen-coder-plus'],
]

/** The names that are served whatever the list says. */
export const foundingModels: readonly Model[] = founding.map((id) => toModel(id))

/** `GET /api/models` -> the models, each with the variants that the site says it has. */
export function decodeModels(answer: unknown): ListedModels {
  const { data } = recordOf(answer)
  if (!Array.isArray(data)) {
    throw new DragomanError('upstream_protocol', 'The list of models of chat.qwen.ai is not one', {
      origin: 'upstream',
    })
  }
  const ids = new Set<string>()
  const sight = new Map<string, boolean>()
  const models = new Map<string, Model>()
  for (const entry of data.filter(isRecord)) {
    const id = textOf(entry.id)
    if (!id) continue
    const meta = recordOf(recordOf(entry.info).meta)
    const sees = { ...recordOf(meta.abilities), ...recordOf(meta.capabilities) }.vision
    ids.add(id)
    if (typeof sees === 'boolean') sight.set(id, sees)
    for (const ending of ['', ...endingsOf(meta)]) {
      models.set(id + ending, toModel(id + ending, meta.max_context_length))
    }
  }
  for (const model of foundingModels) if (!models.has(model.id)) models.set(model.id, model)
  return { ids, sight, models: [...models.values()] }
}

/**
 * Throws `model_not_found` for what the account does not have, so that no chat is opened for it. Where the list is not
 * known, or says nothing, the site has to say it.
 */
export function assertServed(name: string, listed: ListedModels | undefined): void {
  if (!listed || listed.ids.size === 0) return
  const { model } = readVariant(name, listed.ids)
  if (listed.ids.has(model) || founding.includes(model)) return
  const known = [...listed.ids].join(', ')
  throw new DragomanError('model_not_found', `chat.qwen.ai has no model ${name.slice(0, 100)}, only ${known}`, {
    param: 'model',
  })
}

function endingsOf(meta: Readonly<Record<string, unknown>>): readonly string[] {
  const types = Array.isArray(meta.chat_type) ? meta.chat_type : []
  const { thinking } = { ...recordOf(meta.capabilities), ...recordOf(meta.abilities) }
  const thinks = thinking === true || typeof thinking === 'number' || isRecord(thinking)
  const byType = { search: '-search', t2i: '-image', image_edit: '-image-edit', deep_research: '-deep-research' }
  return [
    ...(thinks ? ['-thinking'] : []),
    ...Object.entries(byType).flatMap(([type, ending]) => (types.includes(type) ? [ending] : [])),
    ...(thinks && types.includes('search') ? ['-thinking-search'] : []),
  ]
}

function toModel(id: string, contextLength?: unknown): Model {
  const model: Model = { id, object: 'model', created: 0, owned_by: 'qwen-web' }
  return typeof contextLength === 'number' ? { ...model, context_length: contextLength } : model
}
