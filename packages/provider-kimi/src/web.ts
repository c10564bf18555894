export type { KimiWebInput, KimiWebOptions } from './web/provider.ts'
export { kimiWeb } from './web/provider.ts'
