export { longcat } from './longcat.ts'
export type { LongCatOptions } from './options.ts'
