import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import type { MessagesOptions } from './messages-options.ts'
import { messagesUpstream } from './upstream.ts'

const ask: ChatMessage = { role: 'user', content: 'Hi' }

/** What of the body is about thinking, and what was left out. */
function plan(request: Partial<ChatCompletionRequest>, options: MessagesOptions = {}) {
  const { body, dropped } = messagesUpstream.writeRequest({ model: 'm', messages: [ask], ...request }, options)
  const { max_tokens, thinking, output_config, temperature } = body
  return { max_tokens, thinking, output_config, temperature, dropped }
}

const tools = [{ type: 'function', function: { name: 'f' } }] as const satisfies ChatCompletionRequest['tools']
const prefilled: ChatMessage[] = [ask, { role: 'assistant', content: 'So' }]
const loop = (signature?: string): ChatMessage[] => [
  ask,
  {
    role: 'assistant',
    content: null,
    reasoning_content: 'hm',
    ...(signature && {
      reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature, format: 'anthropic-claude-v1' }],
    }),
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'a', content: 'ok' },
]

describe('by budget', () => {
  test.each([
    ['low', 1024],
    ['medium', 4096],
    ['high', 16_384],
    ['xhigh', 32_768],
  ])('the effort %s is a budget of %i, on top of the tokens of the answer', (reasoning_effort, budget_tokens) => {
    expect(plan({ reasoning_effort })).toMatchObject({
      max_tokens: 4096 + budget_tokens,
      thinking: { type: 'enabled', budget_tokens },
      dropped: [],
    })
  })

  test('a limit of the client leaves room for the answer', () => {
    expect(plan({ reasoning_effort: 'high', max_tokens: 8000 })).toMatchObject({
      max_tokens: 8000,
      thinking: { type: 'enabled', budget_tokens: 6000 },
    })
  })

  test.each([
    [{ reasoning_effort: 'none' }, []],
    [{}, []],
    [{ reasoning_effort: 'low', max_tokens: 1000 }, ['reasoning_effort']],
    [{ reasoning_effort: 'low', tools, tool_choice: 'required' }, ['reasoning_effort']],
    [{ reasoning_effort: 'low', messages: prefilled }, ['reasoning_effort']],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 }, messages: prefilled }, ['thinking']],
    [{ reasoning_effort: 'low', messages: loop() }, ['reasoning_effort', 'messages[].reasoning_content']],
  ] as [Partial<ChatCompletionRequest>, string[]][])('%j is not thought about', (request, dropped) => {
    expect(plan(request)).toMatchObject({ thinking: undefined, dropped })
  })

  test('a turn of calls whose thinking is there goes on thinking', () => {
    expect(plan({ reasoning_effort: 'low', messages: loop('s') })).toMatchObject({
      thinking: { type: 'enabled' },
      dropped: [],
    })
  })

  test('sampling is left out while it thinks', () => {
    expect(plan({ reasoning_effort: 'low', temperature: 0.5, top_k: 1 })).toMatchObject({
      temperature: undefined,
      dropped: ['temperature', 'top_k'],
    })
    expect(plan({ temperature: 0.5 }, { sampling: false })).toMatchObject({
      temperature: undefined,
      dropped: ['temperature'],
    })
  })
})

describe('adaptive', () => {
  const adaptive = (request: Partial<ChatCompletionRequest>, options: MessagesOptions = {}) =>
    plan(request, { thinking: 'adaptive', ...options })
  const on = { type: 'adaptive', display: 'summarized' }

  test.each([
    [{}, undefined, undefined],
    [{ reasoning_effort: 'none' }, { type: 'disabled' }, undefined],
    [{ reasoning_effort: 'minimal' }, on, { effort: 'low' }],
    [{ reasoning_effort: 'max' }, on, { effort: 'max' }],
    [{ thinking: { type: 'enabled', budget_tokens: 5000 } }, on, undefined],
    [{ reasoning_effort: 'high', messages: loop() }, on, { effort: 'high' }],
    [{ reasoning_effort: 'high', messages: prefilled }, { type: 'disabled' }, { effort: 'high' }],
    [{ reasoning_effort: 'high', tools, tool_choice: 'required' }, { type: 'disabled' }, { effort: 'high' }],
  ] as [Partial<ChatCompletionRequest>, unknown, unknown][])('%j', (request, thinking, output_config) => {
    expect(adaptive(request)).toMatchObject({ max_tokens: 4096, thinking, output_config })
  })

  test('a model that may be made to call a tool goes on thinking', () => {
    const request = { reasoning_effort: 'high', tools, tool_choice: 'required' } as const
    expect(adaptive(request, { forcedToolsWithThinking: true })).toMatchObject({ thinking: on, dropped: [] })
  })
})

describe('always', () => {
  const always = (request: Partial<ChatCompletionRequest>) => plan(request, { thinking: 'always' })

  test('it cannot be turned off, and that is said', () => {
    expect(always({ reasoning_effort: 'none' })).toMatchObject({
      thinking: { type: 'adaptive' },
      dropped: ['reasoning_effort'],
    })
    expect(always({ reasoning_effort: 'low' })).toMatchObject({ output_config: { effort: 'low' }, dropped: [] })
  })

  test.each([
    [{ tools, tool_choice: 'required' }, 'tool_choice'],
    [{ messages: prefilled }, 'messages[1]'],
  ] as [Partial<ChatCompletionRequest>, string][])('%j is refused', (request, param) => {
    expect(() => always(request)).toThrow(expect.objectContaining({ code: 'unsupported_value', param }))
  })
})
