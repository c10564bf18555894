import type { ProviderEntry, Target } from '../deployments.ts'
import { listedModel } from './listed-model.ts'
import type { Price } from './price.ts'

/** Names come from clients where a wildcard serves them, so what is remembered has a bound. */
const maxRemembered = 2_000

/**
 * What targets cost: the deployment's own price, else one that the operator gave, else the one of the table.
 *
 * Asked for every request, and looked up once for each model of a provider.
 */
export class Prices {
  readonly #own: ReadonlyMap<string, Price>
  readonly #wildcards: readonly (readonly [start: string, price: Price])[]
  readonly #found = new WeakMap<ProviderEntry, Map<string, Price | undefined>>()

  /** @param own by `<provider>/<model>`, the provider by its id; a `*` at the end stands for the rest */
  constructor(own: Readonly<Record<string, Price>> = {}) {
    const entries = Object.entries(own)
    this.#own = new Map(entries.filter(([name]) => !name.endsWith('*')))
    this.#wildcards = entries
      .filter(([name]) => name.endsWith('*'))
      .map(([name, price]) => [name.slice(0, -1), price] as const)
      .sort(([a], [b]) => b.length - a.length)
  }

  /** Undefined where none is known, which is not the same as nothing. */
  readonly of = ({ entry, model, price }: Pick<Target, 'entry' | 'model' | 'price'>): Price | undefined => {
    if (price) return price
    let ofEntry = this.#found.get(entry)
    if (!ofEntry) {
      ofEntry = new Map()
      this.#found.set(entry, ofEntry)
    }
    const known = ofEntry.get(model)
    if (known || ofEntry.has(model)) return known
    if (ofEntry.size >= maxRemembered) ofEntry.clear()
    const found = this.#ownOf(`${entry.id}/${model}`) ?? listedModel(entry.provider.id, model)?.price
    ofEntry.set(model, found)
    return found
  }

  #ownOf(name: string): Price | undefined {
    return this.#own.get(name) ?? this.#wildcards.find(([start]) => name.startsWith(start))?.[1]
  }
}
