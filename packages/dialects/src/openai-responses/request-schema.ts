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

// The body of `POST /v1/responses`, after OpenAI's API reference and what its clients send.

const contentPart = variants('a content part (an object with a type)', [
  object({ type: literal('input_text'), text: string }),
  object({ type: literal('output_text'), text: string }),
  object({ type: literal('text'), text: string }),
  object({ type: literal('refusal'), refusal: string }),
  object({
    type: literal('input_image'),
    image_url: string.nullish(),
    file_id: string.nullish(),
    detail: string.nullish(),
  }),
  object({
    type: literal('input_file'),
    file_data: string.nullish(),
    file_url: string.nullish(),
    file_id: string.nullish(),
    filename: string.nullish(),
  }),
  object({ type: literal('input_audio'), input_audio: object({ data: string, format: string }) }),
])

const content = either('a string or an array of content parts', string, list(contentPart, 'content parts'))

const text = object({ type: string, text: string })

const inputItem = variants('an input item (an object with a type)', [
  object({
    type: literal('message').optional(),
    role: choice(['user', 'assistant', 'system', 'developer']),
    content,
    id: string.nullish(),
  }),
  object({
    type: literal('function_call'),
    call_id: string,
    name: string,
    arguments: string,
    namespace: string.nullish(),
    id: string.nullish(),
  }),
  object({ type: literal('function_call_output'), call_id: string, output: content, id: string.nullish() }),
  object({ type: literal('custom_tool_call'), call_id: string, name: string, input: string, id: string.nullish() }),
  object({ type: literal('custom_tool_call_output'), call_id: string, output: content, id: string.nullish() }),
  object({
    type: literal('reasoning'),
    id: string.nullish(),
    summary: list(text, 'summary parts').nullish(),
    content: list(text, 'reasoning parts').nullish(),
    encrypted_content: string.nullish(),
  }),
  object({ type: literal('item_reference'), id: string }),
])

const functionTool = object({
  type: literal('function'),
  name: string,
  description: string.nullish(),
  parameters: dictionary(z.unknown()).nullish(),
  strict: boolean.nullish(),
})

const customTool = object({
  type: literal('custom'),
  name: string,
  description: string.nullish(),
  format: object({ type: string, syntax: string.nullish(), definition: string.nullish() }).nullish(),
})

const tool = variants('a tool (an object with a type)', [
  functionTool,
  customTool,
  object({
    type: literal('namespace'),
    name: string,
    description: string.nullish(),
    tools: list(variants('a tool (an object with a type)', [functionTool, customTool]), 'tools'),
  }),
])

const toolChoice = either(
  'none, auto, required, or an object that names a tool',
  choice(['none', 'auto', 'required']),
  object({
    type: string,
    name: string.nullish(),
    namespace: string.nullish(),
    mode: string.nullish(),
    tools: list(object({ type: string, name: string.nullish(), namespace: string.nullish() }), 'tools').nullish(),
  }),
)

const textFormat = object({
  type: string,
  name: string.nullish(),
  description: string.nullish(),
  schema: dictionary(z.unknown()).nullish(),
  strict: boolean.nullish(),
})

const responsesRequest = object({
  model: string,
  input: either('a string or an array of input items', string, list(inputItem, 'input items')).nullish(),
  instructions: string.nullish(),
  stream: boolean.nullish(),
  store: boolean.nullish(),
  previous_response_id: string.nullish(),
  include: list(string, 'strings').nullish(),
  tools: list(tool, 'tools').nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: boolean.nullish(),
  max_output_tokens: integer.nullish(),
  max_tool_calls: integer.nullish(),
  temperature: number.nullish(),
  top_p: number.nullish(),
  top_logprobs: integer.nullish(),
  reasoning: object({ effort: string.nullish(), summary: string.nullish() }).nullish(),
  text: object({ format: textFormat.nullish(), verbosity: string.nullish() }).nullish(),
  truncation: string.nullish(),
  metadata: dictionary(string).nullish(),
  user: string.nullish(),
  safety_identifier: string.nullish(),
  prompt_cache_key: string.nullish(),
  prompt_cache_options: object({ mode: string.nullish(), ttl: string.nullish() }).nullish(),
  prompt_cache_retention: string.nullish(),
  service_tier: string.nullish(),
  moderation: object({ model: string.nullish(), policy: anything }).nullish(),
  background: boolean.nullish(),
  conversation: anything,
  prompt: anything,
  context_management: anything,
  access_programs: anything,
})

/** A checked body of `POST /v1/responses`. Fields that are not named may be present. */
export type ResponsesRequest = z.infer<typeof responsesRequest>
/** An item of the conversation, as clients send and store it. */
export type InputItem = z.infer<typeof inputItem>
export type ContentPart = z.infer<typeof contentPart>
export type RequestTool = z.infer<typeof tool>
export type FunctionTool = z.infer<typeof functionTool>
export type CustomTool = z.infer<typeof customTool>
export type RequestToolChoice = z.infer<typeof toolChoice>

/** Throws `invalid_request` with the path of the first field that is not as `POST /v1/responses` takes it. */
export function checkedRequest(body: unknown): ResponsesRequest {
  return checkedBody(responsesRequest, body)
}
