import {
  anything,
  boolean,
  choice,
  dictionary,
  either,
  integer,
  list,
  literal,
  number,
  object,
  string,
} from '@dragoman/openai-schema/fields'
import { z } from 'zod'
import { checkedBody, variants } from '../body-schema.ts'

const marks = { cache_control: anything }

const textBlock = object({ type: literal('text'), text: string, ...marks })

const base64Source = object({ type: literal('base64'), media_type: string, data: string })
const urlSource = object({ type: literal('url'), url: string })
const fileSource = object({ type: literal('file'), file_id: string })

const imageBlock = object({
  type: literal('image'),
  source: variants('a source (an object with a type)', [base64Source, urlSource, fileSource]),
  ...marks,
})

const documentBlock = object({
  type: literal('document'),
  source: variants('a source (an object with a type)', [
    base64Source,
    urlSource,
    fileSource,
    object({ type: literal('text'), data: string }),
    object({
      type: literal('content'),
      content: either(
        'a string or an array of content blocks',
        string,
        list(variants('a content block (an object with a type)', [textBlock, imageBlock]), 'content blocks'),
      ),
    }),
  ]),
  title: string.nullish(),
  context: string.nullish(),
  ...marks,
})

const searchResultBlock = object({
  type: literal('search_result'),
  source: string,
  title: string,
  content: list(textBlock, 'text blocks'),
  ...marks,
})

const resultBlock = variants('a content block (an object with a type)', [
  textBlock,
  imageBlock,
  documentBlock,
  searchResultBlock,
  object({ type: literal('tool_reference'), tool_name: string }),
])

const contentBlock = variants('a content block (an object with a type)', [
  textBlock,
  imageBlock,
  documentBlock,
  searchResultBlock,
  object({ type: literal('thinking'), thinking: string, signature: string.nullish() }),
  object({ type: literal('redacted_thinking'), data: string }),
  object({ type: literal('tool_use'), id: string, name: string, input: dictionary(z.unknown()), ...marks }),
  object({
    type: literal('tool_result'),
    tool_use_id: string,
    content: either('a string or an array of content blocks', string, list(resultBlock, 'content blocks')).nullish(),
    is_error: boolean.nullish(),
    ...marks,
  }),
])

const customTool = object({
  type: literal('custom').nullish(),
  name: string,
  description: string.nullish(),
  input_schema: dictionary(z.unknown()),
  strict: boolean.nullish(),
  ...marks,
})

/** A tool that Anthropic has defined: hosted, or of a known form that the client runs. */
const typedTool = object({
  type: string.refine((type) => type !== 'custom', { abort: true }),
  name: string.nullish(),
  ...marks,
})

const format = object({ type: literal('json_schema'), schema: dictionary(z.unknown()) })

const shape = {
  model: string,
  messages: list(
    object({
      role: choice(['user', 'assistant', 'system']),
      content: either('a string or an array of content blocks', string, list(contentBlock, 'content blocks')),
    }),
    'messages',
  ).min(1, { error: 'expected at least one message; found an empty array' }),
  system: either('a string or an array of text blocks', string, list(textBlock, 'text blocks')).nullish(),
  tools: list(either('a tool (an object with a name)', customTool, typedTool), 'tools').nullish(),
  tool_choice: object({
    type: choice(['auto', 'any', 'tool', 'none']),
    name: string.nullish(),
    disable_parallel_tool_use: boolean.nullish(),
  }).nullish(),
  thinking: object({
    type: choice(['enabled', 'adaptive', 'disabled', 'between_tools']),
    budget_tokens: number.nullish(),
    display: string.nullish(),
  }).nullish(),
  output_config: object({ effort: string.nullish(), format: format.nullish() }).nullish(),
  /** The beta's name for `output_config.format`. */
  output_format: format.nullish(),
  stop_sequences: list(string, 'strings').nullish(),
  stream: boolean.nullish(),
  temperature: number.nullish(),
  top_p: number.nullish(),
  top_k: number.nullish(),
  metadata: object({ user_id: string.nullish() }).nullish(),
  mcp_servers: list(z.unknown(), 'servers').nullish(),
  cache_control: anything,
}

const tokenLimit = integer.min(1, { error: ({ input }) => `expected at least 1; found ${input}` })

const messagesRequest = object({ ...shape, max_tokens: tokenLimit })
const countRequest = object(shape)

export type MessagesRequest = z.output<typeof messagesRequest>
/** The same without a limit of tokens, as `count_tokens` takes it. */
export type CountRequest = z.output<typeof countRequest>
export type MessageParam = CountRequest['messages'][number]
export type ContentBlock = z.output<typeof contentBlock>
export type ResultBlock = z.output<typeof resultBlock>
export type DocumentBlock = z.output<typeof documentBlock>
export type ImageBlock = z.output<typeof imageBlock>
export type SearchResultBlock = z.output<typeof searchResultBlock>
export type ToolResultBlock = Extract<ContentBlock, { type: 'tool_result' }>
export type TextBlock = z.output<typeof textBlock>
export type ToolParam = NonNullable<CountRequest['tools']>[number]

/** Throws `invalid_request` with the path of the first field that is not as `POST /v1/messages` takes it. */
export function checkMessagesRequest(body: unknown): MessagesRequest {
  return checkedBody(messagesRequest, body, wording)
}

/** The same for `POST /v1/messages/count_tokens`. */
export function checkCountRequest(body: unknown): CountRequest {
  return checkedBody(countRequest, body)
}

/** As Anthropic's own API says it, and clients show it. */
const wording: Readonly<Record<string, string>> = {
  'max_tokens: required; expected an integer': 'max_tokens: Field required',
}
