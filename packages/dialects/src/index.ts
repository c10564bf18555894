export type { ClientDialect, ReadOptions, ReadRequest, RelayOnly, UpstreamDialect, WrittenRequest } from './dialect.ts'
