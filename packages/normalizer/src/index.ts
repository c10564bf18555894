export type {
  ChatChunk,
  ChatChunkChoice,
  ChatCompletion,
  ChatCompletionChoice,
  ChatDelta,
} from './chat-types.ts'
export type { NormalizeOptions, NormalizeReport } from './choice-normalizer.ts'
export { normalizeCompletion } from './completion.ts'
export { detect } from './detect.ts'
export { formatByName, formatNames } from './format-by-name.ts'
export type { CallState, EndedHow, MarkupEvent, Repair, RepairKind } from './markup-event.ts'
export type { CallHeader, MarkupFormat, Opener, Reader, Reading, ReasoningTags } from './markup-format.ts'
export type { Cursor, Waiting } from './markup-lexer.ts'
export type { MarkupParser, MarkupParserOptions } from './markup-machine.ts'
export { createMarkupParser } from './markup-machine.ts'
export type { Profile, ProfileRule, ThinkingRequest } from './profiles.ts'
export { profileOf } from './profiles.ts'
export type { PromptableMessage, PromptableRequest } from './prompted-tools.ts'
export { promptTools } from './prompted-tools.ts'
export type { RenderedCall, RenderedMessage } from './render/render-markup.ts'
export { renderMarkup } from './render/render-markup.ts'
export { ChunkNormalizer, normalizeStream } from './stream.ts'
export type { ToolDefinition } from './tool.ts'
export { toolNameByArguments } from './tool-names.ts'
export { markupTransform, normalizeTransform } from './transform-stream.ts'
export { shortestClosing } from './truncated.ts'
