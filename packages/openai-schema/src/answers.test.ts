import { expect, test } from 'vitest'
import type { z } from 'zod'
import { chatCompletion, chatCompletionChunk, errorBody, modelList, toolCall, usage, validate } from './index.ts'

const message = { role: 'assistant', content: 'hi', refusal: null }
const choice = { index: 0, message, logprobs: null, finish_reason: 'stop' }
const counts = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const completion = { id: 'i', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage: counts }
const chunk = { id: 'i', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [] }
const model = { id: 'a/b:c', object: 'model', created: 1, owned_by: 'us' }
const error = { message: 'No.', type: 'server_error', param: null, code: null }

const answer = (fields: object) => ({ ...completion, choices: [{ ...choice, ...fields }] })
const spoken = (fields: object) => answer({ message: { ...message, ...fields } })
const piece = (delta: object) => ({ ...chunk, choices: [{ index: 0, delta, finish_reason: null }] })

test.each<[string, z.ZodType, object]>([
  ['a plain answer', chatCompletion, completion],
  ['an answer without usage', chatCompletion, { ...completion, usage: undefined }],
  ['an estimated usage', chatCompletion, { ...completion, usage: { ...counts, estimated: true } }],
  [
    'sources',
    chatCompletion,
    { ...completion, citations: ['https://a.test'], search_results: [{ url: 'https://a.test' }] },
  ],
  [
    'an answer of tool calls only',
    chatCompletion,
    spoken({ content: null, tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: '' } }] }),
  ],
  ['reasoning', chatCompletion, spoken({ reasoning_content: 'hm', reasoning: 'hm', thinking: 'hm' })],
  ['the usage chunk', chatCompletionChunk, { ...chunk, usage: counts }],
  ['an empty delta', chatCompletionChunk, piece({})],
  ['a reasoning delta', chatCompletionChunk, piece({ reasoning_content: 'hm' })],
  [
    'the first piece of a call',
    chatCompletionChunk,
    piece({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] }),
  ],
  ['a later piece of a call', chatCompletionChunk, piece({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })],
  ['a list of models', modelList, { object: 'list', data: [model, { ...model, context_length: 8192, pricing: {} }] }],
  [
    "a list of models with Anthropic's fields",
    modelList,
    {
      object: 'list',
      data: [{ ...model, type: 'model', max_input_tokens: 1 }],
      has_more: false,
      first_id: 'a',
      last_id: 'a',
    },
  ],
  ['an error', errorBody, { error }],
])('accepts %s', (_, schema, value) => {
  expect(validate(schema, value)).toEqual({ ok: true, value })
})

test.each<[string, z.ZodType, object, string]>([
  ['a foreign finish reason', chatCompletion, answer({ finish_reason: 'end_turn' }), 'choices[0].finish_reason'],
  ['an answer without an end', chatCompletion, answer({ finish_reason: null }), 'choices[0].finish_reason'],
  [
    'content in parts',
    chatCompletion,
    spoken({ content: [{ type: 'text', text: 'hi' }] }),
    'choices[0].message.content',
  ],
  ['an absent refusal', chatCompletion, spoken({ refusal: undefined }), 'choices[0].message.refusal'],
  ['null for tool calls', chatCompletion, spoken({ tool_calls: null }), 'choices[0].message.tool_calls'],
  ['null for reasoning', chatCompletion, spoken({ reasoning_content: null }), 'choices[0].message.reasoning_content'],
  [
    'a citation without a URL',
    chatCompletion,
    spoken({ annotations: [{ type: 'url_citation', url_citation: {} }] }),
    'choices[0].message.annotations[0].url_citation.url',
  ],
  ['another object', chatCompletion, { ...completion, object: 'chat.completion.chunk' }, 'object'],
  ['tokens as text', usage, { ...counts, total_tokens: '2' }, 'total_tokens'],
  [
    'arguments as an object',
    toolCall,
    { id: 'c', type: 'function', function: { name: 'f', arguments: {} } },
    'function.arguments',
  ],
  ['a chunk without choices', chatCompletionChunk, { ...chunk, choices: undefined }, 'choices'],
  ['a delta of another role', chatCompletionChunk, piece({ role: 'user' }), 'choices[0].delta.role'],
  [
    'a call piece without its index',
    chatCompletionChunk,
    piece({ tool_calls: [{ id: 'c' }] }),
    'choices[0].delta.tool_calls[0].index',
  ],
  [
    'null in a later piece',
    chatCompletionChunk,
    piece({ tool_calls: [{ index: 0, type: null }] }),
    'choices[0].delta.tool_calls[0].type',
  ],
  [
    'null for reasoning in a delta',
    chatCompletionChunk,
    piece({ reasoning_content: null }),
    'choices[0].delta.reasoning_content',
  ],
  [
    'a model without its owner',
    modelList,
    { object: 'list', data: [{ ...model, owned_by: null }] },
    'data[0].owned_by',
  ],
  ['an error without its code', errorBody, { error: { ...error, code: undefined } }, 'error.code'],
  ['an error without its param', errorBody, { error: { ...error, param: undefined } }, 'error.param'],
  ['an error with a number for its code', errorBody, { error: { ...error, code: 500 } }, 'error.code'],
])('refuses %s', (_, schema, value, param) => {
  expect(validate(schema, value)).toMatchObject({ ok: false, issue: { param } })
})
