import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { anthropic } from './index.ts'

const messages: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'x' }]

test.each<[string, Partial<ChatCompletionRequest>, string | undefined]>([
  ['claude-sonnet-4-5', {}, 'plain'],
  ['claude-sonnet-4-5', { reasoning_effort: 'high' }, undefined],
  ['claude-sonnet-4-5', { thinking: { type: 'enabled', budget_tokens: 1024 } }, undefined],
  ['claude-opus-4-7', {}, undefined],
  ['claude-sonnet-5', {}, undefined],
])('%s with %j goes on with its own message: %s', (model, more, expected) => {
  const provider = anthropic.create({})
  expect(provider.prefill?.({ model, messages, ...more })).toBe(expected)
})
