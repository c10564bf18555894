export type { AnthropicOptions } from './options.ts'
export { anthropic } from './provider.ts'
