export { type ResponsesClient, responsesClient } from './client.ts'
export { joinTurns, type StoredTurn } from './conversation.ts'
export type { OpenedResponsesRequest, ResponsesReadOptions, ResponsesReadRequest } from './read-request.ts'
export type { InputItem, ResponsesRequest } from './request-schema.ts'
export type { ResponsesEncoder } from './response-encoder.ts'
export type {
  FinalResponse,
  OutputCustomCall,
  OutputFunctionCall,
  OutputItem,
  OutputMessage,
  OutputReasoning,
  ResponseObject,
  ResponseUsage,
} from './response-object.ts'
export { type ResponsesOptions, responsesReader, responsesUpstream } from './upstream.ts'
