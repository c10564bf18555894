export type { VertexOptions } from './options.ts'
export { vertex } from './provider.ts'
