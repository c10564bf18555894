export {
  type AnswerEncoder,
  type AnswerItem,
  chatEncoder,
  encodeAnswer,
  encodeFailure,
  encodeItem,
  type Heartbeat,
  heartbeat,
} from './answer-encoder.ts'
export { assertAnswered, readFinishReason } from './answer-end.ts'
export type { AnswerReader } from './answer-reader.ts'
export {
  type BudgetClaim,
  type BudgetLedger,
  type BudgetState,
  budgetStates,
  type MemoryBudgets,
  memoryBudgets,
  openBudgetMs,
} from './budget-ledger.ts'
export type { CallerSignal } from './caller-signal.ts'
export { type CanonicalTransform, canonicalChunks, isMeaningful } from './canonical.ts'
export { type BackendAnswer, type ChatBackend, chatFetch, type FetchLike } from './chat-fetch.ts'
export type { ClientBudget, ClientRights } from './client-rights.ts'
export { type Clock, systemClock } from './clock.ts'
export { Collector, collect } from './collect.ts'
export { completionToChunks } from './completion-chunks.ts'
export type {
  Credential,
  CredentialPool,
  CredentialStatus,
  Lease,
  LeaseOptions,
  Outcome,
} from './credentials.ts'
export { errorBody, errorHeaders } from './error-answer.ts'
export {
  DragomanError,
  type DragomanErrorOptions,
  type ErrorCode,
  type ErrorScope,
  errorTable,
  isDragomanError,
  toDragomanError,
} from './errors.ts'
export { isRecord } from './is-record.ts'
export {
  type KeyChange,
  type KeyPage,
  type KeyRights,
  type KeyStore,
  memoryKeys,
  type NewKey,
  type StoredKey,
} from './key-store.ts'
export {
  type BodyKind,
  bodyKinds,
  type KeptBody,
  type LogBody,
  type LogDetails,
  type LogFilter,
  type LoggedBody,
  type LoggedRequest,
  type LogPage,
  type LogQuery,
  type LogStats,
  type LogStore,
  type LogText,
  type Percentiles,
  type StreamedBody,
  type SuggestedField,
  type TotalsDimension,
  type TotalsQuery,
  type UsageTotals,
} from './log-store.ts'
export { OwnedEntries, type OwnedEntriesOptions } from './owned-entries.ts'
export type {
  Acceptance,
  AcquireCall,
  Call,
  CallEvent,
  CallLimits,
  Dialect,
  Endpoint,
  EndpointAnswer,
  EndpointBody,
  EndpointRequest,
  OutgoingProxy,
  Prefill,
  Provider,
  ProviderEnvironment,
  ProviderFactory,
  RelayedAnswer,
  RelayRequest,
} from './provider.ts'
export { ReasoningDetails } from './reasoning-details.ts'
export type { ReasoningSeal, SealedReasoning } from './reasoning-seal.ts'
export { Secret } from './secret.ts'
export { sourceTextOf, withSourceText } from './source-text.ts'
export { untilStop } from './stop-sequences.ts'
export {
  type AttemptEntry,
  type LogEntry,
  memoryState,
  type NormalizedMarkup,
  type StateStore,
  type Unlock,
} from './store.ts'
export { type Taker, take, takeNext } from './taking.ts'
export { credential, type ToFetchOptions, toFetch } from './to-fetch.ts'
export { chain, type EndedBy, endedBy, type Transform, transformed } from './transform.ts'
export { untilAborted } from './until-aborted.ts'
export { addUsage, estimateUsage, readUsage, utf8Length } from './usage.ts'
export type { UsageDimension, UsageLedger, UsageQuery, UsageRow, UsageSum } from './usage-ledger.ts'
export { Watchdog } from './watchdog.ts'
