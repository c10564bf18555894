import type { Settings } from '../config/settings.ts'
import { acceptance, providerSources } from '../provider-sources.ts'

/** What somebody sees who has just started it: where it listens, what it found, how to call it. */
export function greeting(settings: Settings, url: string, version: string): string {
  const isOpen = settings.clients.mode === 'open'
  const providers = providerSources(settings)
  const width = Math.max(...providers.map(({ id }) => id.length))
  const model = settings.defaultModel ?? settings.models[0]?.name ?? 'MODEL'
  const auth = isOpen ? '' : " \\\n    -H 'authorization: Bearer YOUR_KEY'"
  const rows = [
    `Dragoman ${version} listens on ${url}/v1`,
    acceptance(settings.clients.mode, settings.defaultModel),
    '',
    'Providers',
    ...providers.map(({ id, source }) => `  ${id.padEnd(width)}  ${source}`),
    ...(settings.defaultModel ? [`Default model: ${settings.defaultModel}`] : []),
    '',
    'Try it',
    `  curl ${url}/v1/chat/completions \\`,
    `    -H 'content-type: application/json'${auth} \\`,
    `    -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })}'`,
    '',
  ]
  return rows.join('\n')
}
