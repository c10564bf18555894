import { expect, test } from 'vitest'
import { openAICompatible } from './index.ts'
import type { OpenAICompatibleOptions } from './options.ts'

test.each<[OpenAICompatibleOptions, string | undefined]>([
  [{ preset: 'mistral' }, 'prefix'],
  [{ preset: 'openai' }, undefined],
  [{ baseUrl: 'http://127.0.0.1:1' }, undefined],
])('a service of %j goes on with a message of its own by: %s', (options, expected) => {
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] }
  expect(openAICompatible.create(options).prefill?.(request)).toBe(expected)
})
