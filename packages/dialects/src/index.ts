export type { ClientDialect, ReadOptions, ReadRequest, RelayOnly, UpstreamDialect, WrittenRequest } from './dialect.ts'
export type { ReasoningSeal, SealedReasoning } from './reasoning-seal.ts'
