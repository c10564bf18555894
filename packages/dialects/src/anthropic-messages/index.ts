export { messagesClient } from './client.ts'
export { countTokens } from './count-tokens.ts'
export type { MessagesOptions } from './messages-options.ts'
export { messagesReader, messagesUpstream } from './upstream.ts'
