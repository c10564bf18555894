import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { thrown } from './test-thrown.ts'
import { responsesUpstream } from './upstream.ts'

const messages: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'Hi' }]
const write = (request: Partial<ChatCompletionRequest> = {}) =>
  responsesUpstream.writeRequest({ model: 'm', messages, ...request })

describe('a request', () => {
  test('is to be forgotten by the service, and to bring sealed reasoning', () => {
    expect(write().body).toEqual({
      model: 'm',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      store: false,
      include: ['reasoning.encrypted_content'],
    })
  })

  test('has the fields that Responses has another word for', () => {
    const { body, dropped } = write({
      max_tokens: 5,
      reasoning_effort: 'high',
      logprobs: true,
      top_logprobs: 2,
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema: { type: 'object' } } },
      web_search_options: {
        search_context_size: 'low',
        user_location: { type: 'approximate', approximate: { country: 'NO' } },
      },
      stream: true,
      stream_options: { include_usage: true },
      n: 1,
      modalities: ['text'],
      metadata: { a: 'b' },
    })
    expect(dropped).toEqual([])
    expect(body).toMatchObject({
      max_output_tokens: 5,
      reasoning: { effort: 'high', summary: 'auto' },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      top_logprobs: 2,
      text: {
        verbosity: 'low',
        format: { type: 'json_schema', name: 'city', schema: { type: 'object' }, strict: false },
      },
      tools: [
        { type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', country: 'NO' } },
      ],
      stream: true,
      metadata: { a: 'b' },
    })
    expect(body).not.toHaveProperty('stream_options')
  })

  test('names what was left out', () => {
    const { dropped } = write({
      stop: ['x'],
      seed: 1,
      presence_penalty: 1,
      logit_bias: { 1: 2 },
      top_k: 5,
      store: true,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }], name: 'Ann' },
        { role: 'assistant', content: 'a', reasoning_content: 'thought' },
        { role: 'assistant', content: 'b', reasoning_content: 'thought' },
      ],
    })
    expect(dropped).toEqual([
      'messages[0].name',
      'messages[0].content[0].cache_control',
      'messages[].reasoning_content',
      'stop',
      'seed',
      'presence_penalty',
      'logit_bias',
      'top_k',
      'store',
    ])
  })

  test('has its tools flat, strict only where that was asked for', () => {
    const { body } = write({
      tools: [
        { type: 'function', function: { name: 'f' } },
        { type: 'function', function: { name: 'g', description: 'G', parameters: { type: 'object' }, strict: true } },
        {
          type: 'custom',
          custom: { name: 'patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
        },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'auto',
          tools: [
            { type: 'function', function: { name: 'f' } },
            { type: 'custom', custom: { name: 'patch' } },
          ],
        },
      },
    })
    expect(body.tools).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
      { type: 'function', name: 'g', description: 'G', parameters: { type: 'object' }, strict: true },
      { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    ])
    expect(body.tool_choice).toEqual({
      type: 'allowed_tools',
      mode: 'auto',
      tools: [
        { type: 'function', name: 'f' },
        { type: 'custom', name: 'patch' },
      ],
    })
  })

  test('has calls of either kind with their outputs, and arguments that can be parsed', () => {
    const { body } = write({
      messages: [
        {
          role: 'assistant',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
            { id: 'b', type: 'function', function: { name: 'f', arguments: { x: 1 } } },
            { id: 'c', type: 'custom', custom: { name: 'patch', input: 'p' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: 'A' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'B' }] },
        { role: 'tool', tool_call_id: 'c', content: 'C' },
      ],
    })
    expect(body.input).toEqual([
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call', call_id: 'b', name: 'f', arguments: '{"x":1}' },
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'p' },
      { type: 'function_call_output', call_id: 'a', output: 'A' },
      { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'B' }] },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'C' },
    ])
  })

  test('has names and ids that OpenAI takes, which the answer turns back', () => {
    const long = 'i'.repeat(70)
    const written = write({
      tools: [
        { type: 'function', function: { name: 'mcp.look up' } },
        { type: 'function', function: { name: 'mcp_look_up' } },
      ],
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: long, type: 'function', function: { name: 'mcp.look up', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: long, content: 'A' },
      ],
    })
    const [call, output] = written.body.input as { name: string; call_id: string }[]
    expect(written.body.tools).toMatchObject([{ name: 'mcp_look_up' }, { name: 'mcp_look_up_2' }])
    expect(call).toMatchObject({ name: 'mcp_look_up', call_id: 'i'.repeat(64) })
    expect(output?.call_id).toBe(call?.call_id)
    const item = { type: 'function_call', call_id: 'x', name: 'mcp_look_up', arguments: '{}' }
    const [chunk] = written.reader().whole({ status: 'completed', output: [item] })
    expect(chunk?.choices[0]?.delta.tool_calls).toMatchObject([{ function: { name: 'mcp.look up' } }])
  })

  test.each([
    [{ n: 2 }, 'n'],
    [{ audio: { voice: 'a', format: 'wav' } }, 'audio'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ functions: [{ name: 'f' }] }, 'functions'],
    [{ response_format: { type: 'grammar' as const, grammar: 'x' } }, 'response_format.type'],
    [{ tools: [{ type: 'retrieval' as const }] }, 'tools[0].type'],
    [{ messages: [{ role: 'user' as const, content: [{ type: 'video' as const }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'function' as const, name: 'f', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'assistant' as const, audio: { id: 'a' } }] }, 'messages[0].audio'],
  ])('%j is refused by the path of the field', (request, param) => {
    expect(thrown(() => write(request))).toMatchObject({ scope: 'request', param })
  })
})
