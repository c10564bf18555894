export type { ZaiOptions } from './api/options.ts'
export { zai } from './api/provider.ts'
