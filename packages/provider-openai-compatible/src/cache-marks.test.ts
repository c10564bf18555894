import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { accepts } from './accepts.ts'
import { encodeRequest } from './encode-request.ts'
import { type OpenAICompatibleOptions, resolve } from './options.ts'
import { relayObstacle } from './relay-obstacle.ts'

const ephemeral = { type: 'ephemeral' }
const explicit = { mode: 'explicit' }

/** As Claude Code marks its requests, and an AI SDK of OpenAI's its own. */
const request: ChatCompletionRequest = {
  model: 'm',
  cache_control: ephemeral,
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief', cache_control: ephemeral }] },
    { role: 'user', content: [{ type: 'text', text: 'Hi', prompt_cache_breakpoint: explicit }] },
    { role: 'user', content: 'Hi', cache_control: ephemeral },
  ],
  tools: [{ type: 'function', function: { name: 'look' }, cache_control: ephemeral }],
}

const anthropic = [
  'cache_control',
  'messages[].cache_control',
  'messages[].content[].cache_control',
  'tools[].cache_control',
]
const openai = ['messages[].content[].prompt_cache_breakpoint']

test.each<[OpenAICompatibleOptions, string[]]>([
  [{ preset: 'groq' }, [...anthropic, ...openai]],
  [{ preset: 'openai' }, anthropic],
  [{ preset: 'azure', baseUrl: 'https://a.openai.azure.com/openai/v1' }, anthropic],
  [{ preset: 'dashscope' }, openai],
  [{ preset: 'vercel-ai-gateway' }, openai],
  [{ preset: 'vllm' }, []],
  [{ baseUrl: 'http://127.0.0.1:4000' }, []],
  [{ preset: 'groq', cacheMarks: ['cache_control'] }, openai],
  [{ baseUrl: 'http://127.0.0.1:4000', cacheMarks: [] }, [...anthropic, ...openai]],
])('with %j the marks %j stay behind and are named', (options, left) => {
  const settings = resolve(options)
  expect(accepts(request, settings)).toEqual({ dropped: left })
  const sent = JSON.stringify(encodeRequest(request, settings).body)
  expect(sent.match(/"cache_control"/g)?.length ?? 0).toBe(left.includes('cache_control') ? 0 : 4)
  expect(sent.includes('prompt_cache_breakpoint')).toBe(left.length < 5 && !left.includes(openai[0] ?? ''))
})

test('a request without marks is not copied for them, and its bytes can go on', () => {
  const plain: ChatCompletionRequest = {
    model: 'm',
    messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }],
  }
  const settings = resolve({ preset: 'openai' })
  expect(encodeRequest(plain, settings).body.messages).toBe(plain.messages)
  expect(relayObstacle(plain, 'openai-chat', settings)).toBeUndefined()
  const marked: ChatCompletionRequest = {
    ...plain,
    messages: [{ role: 'user', content: '', cache_control: ephemeral }],
  }
  expect(relayObstacle(marked, 'openai-chat', settings)).toBe('messages[].cache_control is left out')
})

test.each(['groq', 'cerebras', 'gemini'] as const)(
  '%s, which refuses the key of a cache, does not get it',
  (preset) => {
    const keyed = { ...request, prompt_cache_key: 'thread-1' }
    const settings = resolve({ preset })
    expect(encodeRequest(keyed, settings).body).not.toHaveProperty('prompt_cache_key')
    expect(accepts(keyed, settings).dropped).toContain('prompt_cache_key')
  },
)
