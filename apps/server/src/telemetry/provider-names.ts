import type { ProviderSettings } from '../config/settings.ts'

/** What the conventions call those services that they name; the others are called as they are configured. */
const conventional: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  azure: 'azure.ai.openai',
  cohere: 'cohere',
  deepseek: 'deepseek',
  gemini: 'gcp.gemini',
  groq: 'groq',
  kimi: 'moonshot_ai',
  mistral: 'mistral_ai',
  openai: 'openai',
  perplexity: 'perplexity',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
}

/** The `gen_ai.provider.name` of each provider, by its id. */
export function providerNames(providers: readonly ProviderSettings[]): ReadonlyMap<string, string> {
  return new Map(
    providers.map(({ id, type, options }) => {
      const { preset } = options
      const service = type === 'openai-compatible' ? (typeof preset === 'string' ? preset : id) : type
      return [id, conventional[service] ?? service]
    }),
  )
}
