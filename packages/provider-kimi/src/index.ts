export type { KimiInput, KimiOptions } from './moonshot.ts'
export { kimi } from './moonshot.ts'
