export type { SpeechRequest, TranscriptionAnswer } from './audio.ts'
export { speechRequest } from './audio.ts'
export type { AudioDelta, ChatCompletionChunk, ChunkChoice, Delta, ToolCallDelta } from './chat-chunk.ts'
export { chatCompletionChunk } from './chat-chunk.ts'
export type {
  Annotation,
  AudioAnswer,
  ChatCompletion,
  ChatCompletionMessage,
  Choice,
  FinishReason,
  ForeignAnnotation,
  Logprobs,
  TokenLogprob,
  TopLogprob,
  UrlCitation,
} from './chat-completion.ts'
export { annotation, chatCompletion, finishReason } from './chat-completion.ts'
export type {
  AudioOptions,
  ChatCompletionRequest,
  ModerationOptions,
  Prediction,
  PromptCacheOptions,
  ServiceTier,
  StreamOptions,
  VendorFields,
  WebSearchOptions,
} from './chat-request.ts'
export { chatCompletionRequest } from './chat-request.ts'
export type { Completion, CompletionChoice, CompletionRequest } from './completions.ts'
export { completionRequest } from './completions.ts'
export type {
  ContentPart,
  FilePart,
  ForeignPart,
  ImageUrl,
  ImageUrlPart,
  InputAudioPart,
  MessageContent,
  PartMarks,
  RefusalPart,
  TextPart,
} from './content.ts'
export { contentPart, messageContent } from './content.ts'
export type { Embedding, EmbeddingsAnswer, EmbeddingsRequest } from './embeddings.ts'
export { embeddingsRequest } from './embeddings.ts'
export type { ErrorBody } from './error.ts'
export { errorBody } from './error.ts'
export type { FileList, FileObject, FilePurpose } from './files.ts'
export type { Image, ImageEditRequest, ImageGenerationRequest, ImagesAnswer } from './images.ts'
export { imageEditRequest, imageGenerationRequest } from './images.ts'
export type { Issue, Validated } from './issue.ts'
export { describeIssue, validate } from './issue.ts'
export type {
  AssistantMessage,
  ChatMessage,
  DeveloperMessage,
  FunctionMessage,
  SystemMessage,
  ToolMessage,
  UserMessage,
} from './messages.ts'
export { chatMessage } from './messages.ts'
export type { Model, ModelList } from './models.ts'
export { model, modelList } from './models.ts'
export type { ModerationAnswer, ModerationRequest, ModerationResult } from './moderations.ts'
export { moderationRequest } from './moderations.ts'
export type { Open } from './open.ts'
export type {
  ReasoningDetail,
  ReasoningEncrypted,
  ReasoningOrigin,
  ReasoningSummary,
  ReasoningText,
} from './reasoning.ts'
export { reasoningDetail } from './reasoning.ts'
export type {
  ForeignFormat,
  JsonObjectFormat,
  JsonSchemaFormat,
  ResponseFormat,
  TextFormat,
} from './response-format.ts'
export { responseFormat } from './response-format.ts'
export type {
  AllowedTools,
  CustomTool,
  CustomToolCall,
  CustomToolFormat,
  ForeignTool,
  ForeignToolCall,
  FunctionCall,
  FunctionCallParam,
  FunctionDefinition,
  FunctionTool,
  FunctionToolCall,
  FunctionToolCallParam,
  LegacyFunction,
  LegacyFunctionChoice,
  NamedCustomChoice,
  NamedFunctionChoice,
  Tool,
  ToolCall,
  ToolCallParam,
  ToolChoice,
} from './tools.ts'
export { tool, toolCall, toolCallParam, toolChoice } from './tools.ts'
export type { CompletionTokensDetails, PromptTokensDetails, Usage } from './usage.ts'
export { usage } from './usage.ts'
