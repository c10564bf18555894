import { loadPresets, providerTypes } from '../compose.ts'
import type { LoadOptions } from './load.ts'

export type Env = Readonly<Record<string, string>>

/** The types that there really are, and of the presets the one that the table takes over: none that looks at ports. */
export const real: Pick<LoadOptions, 'factories' | 'presets'> = {
  factories: providerTypes,
  presets: async () => ({ dashscope: (await loadPresets()).dashscope }),
}

// What makes providers that other variables shape.
export const jwt = 'eyJhbGciOiJub25lIn0.eyJpZCI6IjEifQ.c2lnbmF0dXJl'
export const k2 = { K2_EMAIL: 'jane@a.example', K2_PASSWORD: 'pa55 w0rd' }
export const orion = { TOKEN_POOL: `["${jwt}"]` }
export const nonce = { KIMI_NONCE: 'true' }
export const signed = { ZAI_WEB_SIGNING_KEY: 's1gning-4f6a' }
export const openrouter = { OPENROUTER_API_KEY: 'key-1' }
export const vertex = { VERTEX_PROJECT_ID: 'my-project-1', GOOGLE_APPLICATION_CREDENTIALS: '/keys/robot.json' }
