export { longcatWeb } from './longcat-web.ts'
export type { LongCatWebOptions } from './web-options.ts'
