/** What the name of a model asks for. */
export interface NamedModel {
  /** As the API knows it. */
  readonly id: string
  /** Undefined where the name says nothing about it. */
  readonly thinking?: 'enabled' | 'disabled' | undefined
  readonly search: boolean
}

/** As the founding system called them: without a suffix they do not think. */
const withSwitches = /^(GLM-4\.\d+(?:-Air)?)(?:-(Thinking|Search))?$/i

/** `GLM-4.6-Thinking` is `glm-4.6` that thinks. The API's own ids, all in lower case, pass as they are. */
export function readModelName(model: string): NamedModel {
  const [, base, suffix] = withSwitches.exec(model) ?? []
  if (base !== undefined && (suffix !== undefined || base.startsWith('GLM'))) {
    const kind = suffix?.toLowerCase()
    return { id: base.toLowerCase(), thinking: kind === 'thinking' ? 'enabled' : 'disabled', search: kind === 'search' }
  }
  return { id: model.startsWith('GLM-') ? model.toLowerCase() : model, search: false }
}

/** Of Z.AI's documentation, November 2026. The list moves fast, so a configuration may bring its own. */
export const knownIds: readonly string[] = [
  'glm-5.3',
  'glm-5.3-flash',
  'glm-5.2',
  'glm-5.1',
  'glm-5',
  'glm-5-turbo',
  'glm-4.7',
  'glm-4.6',
  'glm-4.6v',
  'glm-4.5',
  'glm-4.5-air',
  'glm-4.5-airx',
  'glm-4.5-flash',
  'glm-4.5v',
]

/** Those of the founding system, and the same of 4.7. */
export const foundingNames: readonly string[] = [
  'GLM-4.5',
  'GLM-4.5-Thinking',
  'GLM-4.5-Search',
  'GLM-4.5-Air',
  'GLM-4.6',
  'GLM-4.6-Thinking',
  'GLM-4.6-Search',
  'GLM-4.7',
  'GLM-4.7-Thinking',
  'GLM-4.7-Search',
]

/** A model that is not known to see is never sent an image: it would be ignored without a word. */
export function seesImages(model: string): boolean {
  return /^glm-(\d+(\.\d+)?v(-|$)|5\.3-flash$)/i.test(model)
}

/** `5.2` is 502. Undefined for a name that has no version. */
function versionOf(id: string): number | undefined {
  const [, major, minor = '0'] = /^glm-(\d+)(?:\.(\d+))?/i.exec(id) ?? []
  return major === undefined ? undefined : Number(major) * 100 + Number(minor)
}

/** The level that the model has for a client's effort; undefined where it has none. */
export function effortFor(id: string, effort: string): string | undefined {
  const version = versionOf(id)
  if (version === undefined || version < 502) return undefined
  if (effort === 'xhigh' || effort === 'max') return 'max'
  if (effort === 'high') return 'high'
  // GLM-5.2 has two levels only.
  if (['minimal', 'low', 'medium'].includes(effort)) return version === 502 ? 'high' : 'low'
  return undefined
}

/** Whether `none` can be said by switching the thinking off: models with levels take none for that. */
export function canStopThinking(id: string): boolean {
  const version = versionOf(id)
  return version !== undefined && version < 502
}
