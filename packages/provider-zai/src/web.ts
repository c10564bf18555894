export type { ZaiWebOptions } from './web/options.ts'
export { zaiWeb } from './web/provider.ts'
