import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessage,
  ChatCompletionRequest,
  Choice,
  ErrorBody,
  Model,
  ModelList,
  ToolCall,
  UrlCitation,
  Usage,
} from './index.ts'
import { chatCompletion, chatCompletionChunk, chatCompletionRequest, model, validate } from './index.ts'

/**
 * A type as JSON carries it: an absent field instead of an explicit undefined. Only importers that set
 * exactOptionalPropertyTypes, as this workspace does, see the difference.
 */
type Sent<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Sent<Item>[]
    : T extends object
      ? { [K in keyof T]: Sent<Exclude<T[K], undefined>> }
      : T

const use = <T>(value: T): T => value

test('what the openai package sends is a ChatCompletionRequest', () => {
  const params = use<OpenAI.Chat.ChatCompletionCreateParams>({
    model: 'gpt-x',
    messages: [
      { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'system', content: 'Be kind.' },
      {
        role: 'user',
        name: 'ada',
        content: [
          { type: 'text', text: 'What is this?', prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } },
          { id: 'call_2', type: 'custom', custom: { name: 'run', input: 'x' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'y' }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }], audio: { id: 'audio_1' } },
      { role: 'function', name: 'old', content: null },
    ],
    stream: true,
    stream_options: { include_usage: true },
    tools: [
      { type: 'function', function: { name: 'look', parameters: { type: 'object' }, strict: true } },
      {
        type: 'custom',
        custom: { name: 'run', format: { type: 'grammar', grammar: { definition: 'x', syntax: 'lark' } } },
      },
    ],
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function' }] } },
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {}, strict: null } },
    reasoning_effort: 'high',
    prediction: { type: 'content', content: [{ type: 'text', text: 'It is' }] },
    web_search_options: { user_location: { type: 'approximate', approximate: { country: 'NO' } } },
    moderation: { model: 'm', policy: { input: { mode: 'score' } } },
    audio: { voice: { id: 'v' }, format: 'mp3' },
    logit_bias: { '50256': -100 },
  })
  const request: ChatCompletionRequest = params
  expect(validate(chatCompletionRequest, request)).toEqual({ ok: true, value: params })
})

test('a ChatCompletion is what the openai package gives its users, but for the two fields that are wider', () => {
  type Narrowed = Omit<Sent<ChatCompletion>, 'service_tier' | 'choices'> & {
    choices: (Omit<Sent<Choice>, 'message'> & {
      message: Omit<Sent<ChatCompletionMessage>, 'annotations'> & { annotations: Sent<UrlCitation>[] }
    })[]
  }
  const narrowed: Narrowed = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          refusal: null,
          reasoning_content: 'hm',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }],
          annotations: [
            { type: 'url_citation', url_citation: { url: 'https://a.test', title: 'A', start_index: 0, end_index: 0 } },
          ],
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, prompt_tokens_details: { cached_tokens: 0 } },
  }
  const theirs: OpenAI.Chat.ChatCompletion = narrowed
  expect(validate(chatCompletion, theirs).ok).toBe(true)

  // @ts-expect-error these two are wider than OpenAI's closed lists, as the README says
  use<OpenAI.Chat.ChatCompletion>(use<Sent<ChatCompletion>>(narrowed))
})

test('a ChatCompletionChunk is what the openai package gives its users, but for the wider service tier', () => {
  const narrowed: Omit<Sent<ChatCompletionChunk>, 'service_tier'> = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        delta: {
          role: 'assistant',
          content: '',
          reasoning_content: 'hm',
          tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }],
        },
        logprobs: null,
        finish_reason: null,
      },
    ],
    usage: null,
  }
  const theirs: OpenAI.Chat.ChatCompletionChunk = narrowed
  expect(validate(chatCompletionChunk, theirs).ok).toBe(true)
})

test('tool calls, usage and models are what the openai package gives its users', () => {
  const call: OpenAI.Chat.ChatCompletionMessageToolCall = use<Sent<ToolCall>>({
    id: 'call_1',
    type: 'custom',
    custom: { name: 'run', input: 'x' },
  })
  const usage: OpenAI.CompletionUsage = use<Sent<Usage>>({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })
  const one: OpenAI.Model = use<Sent<Model>>({ id: 'm', object: 'model', created: 1, owned_by: 'us' })
  const page: { object: string; data: OpenAI.Model[] } = use<Sent<ModelList>>({ object: 'list', data: [] })
  const error: { error: OpenAI.ErrorObject } = use<ErrorBody>({
    error: { message: 'No.', type: 'server_error', param: null, code: null },
  })
  expect([call.type, usage.total_tokens, page.data.length, error.error.type]).toEqual(['custom', 3, 0, 'server_error'])
  expect(validate(model, one).ok).toBe(true)
})
