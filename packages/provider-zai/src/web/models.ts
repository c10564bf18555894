import { DragomanError } from '@dragoman/core'

/** A model of the site, with what its name switches on. */
export interface WebModel {
  /** As the site knows it. */
  readonly id: string
  readonly name: string
  /** It answers only in a conversation that exists. */
  readonly chatFirst: boolean
  readonly thinking: boolean
  readonly search: boolean
  readonly vision: boolean
  /** The site's own tools that are to run. */
  readonly servers: readonly string[]
}

type Base = Pick<WebModel, 'id' | 'name'> & Partial<WebModel> & { readonly suffixes: readonly Suffix[] }
type Suffix = 'thinking' | 'search' | 'advanced-search'

const seeing = ['vlm-image-search', 'vlm-image-recognition', 'vlm-image-processing']

const bases: readonly Base[] = [
  { name: 'GLM-4.5', id: '0727-360B-API', suffixes: ['thinking', 'search'] },
  { name: 'GLM-4.5-Air', id: '0727-106B-API', suffixes: [] },
  { name: 'GLM-4.6', id: 'GLM-4-6-API-V1', suffixes: ['thinking', 'search'] },
  { name: 'GLM-4.6V', id: 'glm-4.6v', chatFirst: true, thinking: true, vision: true, servers: seeing, suffixes: [] },
  { name: 'GLM-4.7', id: 'glm-4.7', chatFirst: true, suffixes: ['thinking', 'search', 'advanced-search'] },
  { name: 'GLM-5', id: 'glm-5', thinking: true, suffixes: [] },
]

const plain = { chatFirst: false, thinking: false, search: false, vision: false, servers: [] }
const spelling = { thinking: 'Thinking', search: 'Search', 'advanced-search': 'advanced-search' }

/** Every name under which a client may ask, with what it means. */
const known: ReadonlyMap<string, WebModel> = new Map(
  bases.flatMap(({ suffixes, ...base }) => {
    const model: WebModel = { ...plain, ...base }
    const variants = suffixes.map((suffix): [string, WebModel] => {
      const name = `${base.name}-${spelling[suffix]}`
      if (suffix === 'thinking') return [name, { ...model, thinking: true }]
      const servers = suffix === 'advanced-search' ? ['advanced-search'] : searchServers(base.name)
      return [name, { ...model, search: true, servers }]
    })
    return [[base.name, model] as [string, WebModel], ...variants]
  }),
)

function searchServers(name: string): readonly string[] {
  return name === 'GLM-4.5' ? ['deep-web-search'] : []
}

export const knownNames: readonly string[] = [...known.keys()]

const byLowerCase = new Map([...known].map(([name, model]) => [name.toLowerCase(), model]))

/** Throws `model_not_found` for a name that neither the site's models nor `more` of the options have. */
export function webModel(name: string, more: readonly string[] = []): WebModel {
  const model = byLowerCase.get(name.toLowerCase())
  if (model) return model
  const own = more.find((id) => id.toLowerCase() === name.toLowerCase())
  if (own !== undefined) return { ...plain, id: own, name: own }
  throw new DragomanError('model_not_found', `zai-web has no model ${name.slice(0, 100)}`, { param: 'model' })
}
