export type { KimiNonceInput, KimiNonceOptions } from './nonce/provider.ts'
export { kimiNonce, notice } from './nonce/provider.ts'
