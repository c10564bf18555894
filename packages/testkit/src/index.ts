export { type OpenedBudgets, testBudgetLedger } from './budget-ledger-suite.ts'
export {
  chatChunks,
  chatStream,
  completion,
  errorReply,
  eventStream,
  type FakeAnswer,
  type FakeToolCall,
  sse,
  tokens,
  wholeAnswer,
} from './chat-replies.ts'
export { type HandClock, handClock } from './clock.ts'
export { type Cut, everyByte, everyCut, everyEvent, everyTextCut, seededCuts } from './cuts.ts'
export { type DialectSuiteOptions, type TestedClient, type TestedUpstream, testDialect } from './dialect-suite.ts'
export { gzipBomb } from './encoded.ts'
export type { Exchange } from './exchange.ts'
export { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts'
export { type FixtureCase, loadFixtures, type Provenance, type RecordedResponse, replay } from './fixture.ts'
export { type ForwardProxy, type ForwardProxyOptions, startForwardProxy } from './forward-proxy.ts'
export { testKeyStore } from './key-store-suite.ts'
export { logEntry, testLogStore } from './log-store-suite.ts'
export type { Decode } from './provider-suite/cases.ts'
export { type ProviderSuiteOptions, testProvider } from './provider-suite/provider-suite.ts'
export type { Difference, StatusCheckName } from './provider-suite/status-checks.ts'
export { printedBy, type Readme, readReadme } from './readme.ts'
export {
  type Coding,
  cut,
  type Gate,
  gate,
  hangUp,
  htmlPage,
  jsonReply,
  noReply,
  type Reply,
  raw,
  redirect,
  repeated,
  reset,
  type ScriptedReply,
  type Step,
  stall,
  type Trouble,
  verbatim,
} from './reply.ts'
export { missingPrograms, type Program, type Requirement, requires } from './requires.ts'
export { responseInMemory } from './response-in-memory.ts'
export { canary, leaked } from './secrets.ts'
export { selfSigned } from './self-signed.ts'
export { type OpenedState, testStateStore } from './state-store-suite.ts'
export { type BlackHole, blackHole, closedPort } from './unreachable.ts'
export { type WeatherTool, weatherTool } from './weather-tool.ts'
