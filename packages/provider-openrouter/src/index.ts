export type { OpenRouterOptions } from './options.ts'
export { openrouter } from './provider.ts'
