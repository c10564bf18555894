import { type Discovery, type DiscoveryOptions, discover } from '../discover.ts'
import { type MadeProviders, makeProviders } from './made-providers.ts'
import { variableProviders } from './provider-variables.ts'
import { type FindingTypes, type FoundProvider, foundProviders } from './providers.ts'
import { listAt, mapAt, valueAt } from './values.ts'

/** What stands in for the section `providers`, where the file has none. */
export interface FoundProviders {
  readonly discovery: Discovery
  /** By id, in the order in which their models count. */
  readonly providers: ReadonlyMap<string, FoundProvider>
  readonly models: MadeProviders['models']
  readonly problems: readonly string[]
}

/** Providers from variables, from keys of presets, and from engines on this machine. */
export async function findProviders(
  options: Omit<DiscoveryOptions, 'made' | 'lastResort'>,
  types: FindingTypes,
): Promise<FoundProviders> {
  const made = makeProviders(options.variables, options.ownPort)
  // A preset whose service has a type of its own is one provider, not two.
  const presets = Object.entries(options.presets).filter(([id]) => !variableProviders.some((own) => own.id === id))
  const discovery = await discover({
    ...options,
    presets: Object.fromEntries(presets),
    made: made.providers,
    lastResort: types.builtIn,
  })
  return {
    discovery: { ...discovery, notices: [...made.notices, ...discovery.notices] },
    providers: foundProviders(made.providers, discovery, types),
    models: made.models,
    problems: made.problems,
  }
}

/** The file with the names that variables give to models, behind its own, which beat them. */
export function withModels(file: unknown, models: MadeProviders['models']): unknown {
  const own = listAt(file, ['models'])
  const further = models.filter(({ name }) => !own.some((model) => valueAt(model, ['name']) === name))
  return further.length > 0 ? { ...mapAt(file, []), models: [...own, ...further] } : file
}
