import type { Model } from '@dragoman/openai-schema'

export interface NamedModel {
  /** The service's id. */
  readonly model: string
  /** What the name asks for, unless the request says otherwise. */
  readonly thinks?: boolean | undefined
}

const current = 'LongCat-2.0'

/** Names that are no ids of the service, and what they mean there. */
const aliases: ReadonlyMap<string, NamedModel> = new Map([
  ['LongCat', { model: current }],
  ['LongCat-Flash', { model: current }],
  ['LongCat-Thinking', { model: current, thinks: true }],
  ['LongCat-2.0-thinking', { model: current, thinks: true }],
  ['LongCat-2.0-nothink', { model: current, thinks: false }],
])

const byLowerCase: ReadonlyMap<string, NamedModel> = new Map(
  [...aliases].map(([name, named]) => [name.toLowerCase(), named]),
)

/** A name that is not known goes on as it is: whether the service has it is its own business. */
export function namedModel(name: string): NamedModel {
  return byLowerCase.get(name.toLowerCase()) ?? { model: name }
}

/** Names of the session whose search the API does not have. */
export function needsSearch(name: string): boolean {
  return /^longcat(-thinking)?-search$/i.test(name)
}

/**
 * How a model is told to think or not: `switch` is `thinking: { type }`, `flags` is `enable_thinking` with
 * `thinking_budget`; others cannot be told.
 */
export function thinkingOf(model: string): 'switch' | 'flags' | 'none' {
  if (/^longcat-flash-thinking/i.test(model)) return 'flags'
  return /^longcat-flash-(chat|lite|omni)/i.test(model) ? 'none' : 'switch'
}

/** Of all models only this one sees; how its images have to be sent is not documented, so they go on as they came. */
export function seesImages(model: string): boolean {
  return /^longcat-flash-omni/i.test(model)
}

/** The Anthropic dialect serves all but these. */
export function speaksMessages(model: string): boolean {
  return !/^longcat-flash-(omni|chat-2602-exp)/i.test(model)
}

/** The service's list with the other names beside it. */
export function withAliases(served: readonly Model[]): Model[] {
  const known = new Set(served.map(({ id }) => id))
  const added = [...aliases.keys()].filter((name) => !known.has(name))
  return [...served.map(described), ...added.map((id) => described(modelEntry(id)))]
}

export function modelEntry(id: string): Model {
  return { id, object: 'model', created: 0, owned_by: 'longcat' }
}

/** LongCat's page of models. */
function described(model: Model): Model {
  if (namedModel(model.id).model !== current) return model
  return { ...model, context_length: model.context_length ?? 1_048_576, max_output_tokens: 131_072 }
}
