import { loadPresets, providerTypes } from '../compose.ts'
import { describe } from '../config/describe.ts'
import { loadSettings } from '../config/load.ts'
import { providerSources } from '../provider-sources.ts'
import type { ConfigAction, Flags } from './arguments.ts'

/** `dragoman config …`. What was asked for goes to stdout. */
export async function config(action: ConfigAction, flags: Flags): Promise<void> {
  switch (action) {
    case 'check': {
      const { env } = process
      const settings = await loadSettings({
        flags,
        env,
        cwd: process.cwd(),
        factories: providerTypes,
        presets: loadPresets,
      })
      for (const notice of settings.notices) process.stdout.write(`Note: ${notice}\n`)
      const providers = providerSources(settings).map(({ id, source }) => `  ${id}: ${source}\n`)
      process.stdout.write(`The configuration is right.\n${providers.join('')}`)
      return
    }
    case 'schema':
      process.stdout.write((await configurationDocuments()).schema)
      return
    case 'docs':
      process.stdout.write((await configurationDocuments()).page)
      return
  }
}

/** The JSON Schema of dragoman.yaml and the reference page, as text, for all providers that there are. */
export async function configurationDocuments(): Promise<{ schema: string; page: string }> {
  const factories = await Promise.all(Object.values(providerTypes).map((load) => load()))
  const { schema, page } = describe(factories)
  return { schema: `${JSON.stringify(schema, undefined, 2)}\n`, page }
}
