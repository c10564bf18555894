import type { ProviderSettings, Settings } from './config/settings.ts'

export interface ProviderSource {
  readonly id: string
  /** Where it comes from, in words for people. */
  readonly source: string
}

export function providerSources(settings: Settings): readonly ProviderSource[] {
  return settings.providers.map((provider) => ({ id: provider.id, source: sourceOf(provider, settings) }))
}

function sourceOf({ id, origin }: ProviderSettings, { discovery, sources }: Settings): string {
  switch (origin) {
    case 'environment': {
      const made = discovery?.made.find((provider) => provider.id === id)
      if (made) return `from ${made.madeBy.join(', ')}`
      const found = discovery?.hosted.find((hosted) => hosted.id === id)
      return `key from ${found?.variable ?? 'the environment'}`
    }
    case 'local': {
      const { port, models = [] } = discovery?.local.find((local) => local.id === id) ?? {}
      const some = models.slice(0, 3).join(', ')
      return `found on port ${port}${some ? `: ${some}${models.length > 3 ? ', …' : ''}` : ', without models'}`
    }
    case 'built-in':
      return 'offline, answers without any key'
    case 'file':
      return sources.find((source) => /\.ya?ml$/.test(source)) ?? 'configuration'
  }
}

/** Who may ask for what, in a sentence. */
export function acceptance(mode: 'open' | 'keys', defaultModel: string | undefined): string {
  if (mode === 'keys') return 'A key of this server is needed.'
  return defaultModel ? 'Any key and any model name are accepted.' : 'Any key is accepted.'
}
