import type { ClientRights } from '@dragoman/core'
import type { Target } from '../../deployments.ts'
import type { Meaning } from '../../names.ts'

export type Named = Pick<Meaning, 'name' | 'resolvedBy' | 'targets'>

/** What a name means, as far as it is known without asking providers for their lists. */
export type Resolve = (name: string) => Named | undefined

/** The models that a key may use. Names of clients are never compared, only what they mean. */
export class AllowedModels {
  /** As they are configured, for messages. */
  readonly listed: readonly string[]
  readonly #names: ReadonlySet<string>
  readonly #starts: readonly string[]

  constructor(models: readonly string[]) {
    this.listed = models
    this.#names = new Set(models.filter((model) => !model.endsWith('*')))
    this.#starts = models.filter((model) => model.endsWith('*')).map((model) => model.slice(0, -1))
  }

  has(meaning: Named, resolve: Resolve): boolean {
    const { name, resolvedBy, targets } = meaning
    if (this.#hasName(name, resolvedBy, resolve)) return true
    // A bare id is what its provider has under it.
    const [target] = targets
    if (resolvedBy !== 'listed' || !target) return false
    return this.#hasName(`${target.entry.id}/${target.model}`, 'provider', resolve)
  }

  /** Whether a model of the very service of a target may be asked for, which the target is to call under this name. */
  hasUpstream(model: string, { entry }: Target, resolve: Resolve): boolean {
    if (this.has({ name: `${entry.id}/${model}`, resolvedBy: 'provider', targets: [] }, resolve)) return true
    const meaning = resolve(model)
    if (!meaning?.targets.some((target) => target.entry.id === entry.id && target.model === model)) return false
    return this.has(meaning, resolve)
  }

  #hasName(name: string, resolvedBy: Named['resolvedBy'], resolve: Resolve): boolean {
    if (this.#names.has(name) || this.#starts.some((start) => name.startsWith(start))) return true
    // Names of groups may differ in nothing but their case; a service has no two such models.
    const isOurs = resolvedBy !== 'provider' && resolvedBy !== 'wildcard' && resolvedBy !== 'listed'
    const lower = name.toLowerCase()
    if (!isOurs && this.#starts.some((start) => lower.startsWith(start.toLowerCase()))) return true
    for (const listed of this.#names) {
      // Aliases, and names in another case, where they mean one thing.
      const meaning = resolve(listed)
      if (!meaning || meaning.resolvedBy === 'suffix') continue
      if (meaning.name === name || (!isOurs && meaning.name.toLowerCase() === lower)) return true
    }
    return false
  }
}

const compiled = new WeakMap<ClientRights, AllowedModels>()

/** Undefined where the key may use all. */
export function allowedModels(rights: ClientRights): AllowedModels | undefined {
  if (!rights.models) return undefined
  const known = compiled.get(rights)
  if (known) return known
  const allowed = new AllowedModels(rights.models)
  compiled.set(rights, allowed)
  return allowed
}
