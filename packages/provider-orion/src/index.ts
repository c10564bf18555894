export { modelNames } from './models.ts'
export type { OrionWebOptions } from './options.ts'
export { orionWeb } from './provider.ts'
