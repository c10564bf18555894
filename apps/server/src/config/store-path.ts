import { resolve } from 'node:path'
import { readClientVariables } from './client-variables.ts'
import { ConfigError } from './config-error.ts'
import { readConfigFile } from './config-file.ts'
import { readDotEnv } from './load.ts'
import { valueAt } from './values.ts'
import { createVariables } from './variables.ts'

export interface StorePlace {
  /** Absolute. */
  readonly path: string
  /** Whether clients need a key, as far as the configuration says. */
  readonly asksForKeys: boolean
  /** How messages call the configuration file. */
  readonly file: string
}

/**
 * Where the server of this folder keeps things. The rest of its configuration is not looked at: who revokes a key must
 * not be held up by a model that is misspelt. Throws a `ConfigError` where the file or this setting cannot be read.
 */
export async function readStorePlace(options: {
  readonly config?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}): Promise<StorePlace> {
  const { env, cwd } = options
  const variables = createVariables(env, (await readDotEnv(cwd)).values)
  const asked = options.config ?? (variables.get('DRAGOMAN_CONFIG')?.trim() || undefined)
  const file = await readConfigFile(cwd, asked, variables)
  const ofStore = file.problems.filter(({ path }) => path[0] === 'store')
  if (ofStore.length > 0) throw new ConfigError(file.describe(ofStore))
  const path = valueAt(file.value, ['store', 'path']) ?? 'data'
  if (typeof path !== 'string' || path === '') throw new ConfigError([`${file.name}: store.path: expected a path`])
  const clients = valueAt(file.value, ['clients'])
  const areConfigured = clients === 'keys' || Array.isArray(valueAt(clients, ['keys']))
  const asksForKeys =
    clients === undefined ? (await readClientVariables(variables, cwd)).keys.length > 0 : areConfigured
  return { path: resolve(cwd, path), asksForKeys, file: file.name }
}
