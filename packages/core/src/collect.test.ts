import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, tokens, wholeAnswer } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { collect } from './collect.ts'
import { completionToChunks } from './completion-chunks.ts'

const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }] }

async function* stream(chunks: readonly unknown[]): AsyncGenerator<ChatCompletionChunk> {
  for (const chunk of chunks) yield chunk as ChatCompletionChunk // upstreams send what they like
}

const answer = {
  text: ['Hel', 'lo'],
  reasoning: ['Let me ', 'think'],
  toolCalls: [
    { name: 'f', arguments: ['{"x"', ':1}'] },
    { name: 'g', arguments: {} },
  ],
  usage: tokens(3, 5),
}

test('the pieces of an answer become the whole of it', async () => {
  const whole = await collect(stream(chatChunks(answer)), request)
  expect(whole).toEqual(wholeAnswer(answer))
})

test('collect undoes completionToChunks', async () => {
  const whole = wholeAnswer(answer)
  expect(await collect(stream(completionToChunks(whole)), request)).toEqual(whole)
})

test('content is null where there are only calls, and empty where the answer is', async () => {
  const calls = await collect(stream(chatChunks({ toolCalls: [{ name: 'f' }] })), request)
  expect(calls.choices[0]?.message.content).toBeNull()
  const cut = await collect(stream(chatChunks({ finish: 'length' })), request)
  expect(cut.choices[0]?.message).toEqual({ role: 'assistant', content: '', refusal: null })
})

test('a broken stream is an error, never a part of an answer', async () => {
  await expect(collect(stream(chatChunks({ text: 'a', finish: null })), request)).rejects.toMatchObject({
    code: 'upstream_protocol',
  })
})

const delta = (fields: unknown, finish_reason: string | null = null, index = 0) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index, delta: fields, finish_reason }],
})

test('reasoning details are joined by their index, with the signature of the last', async () => {
  const whole = await collect(
    stream([
      delta({ reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'a', format: 'x' }] }),
      delta({ reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'b', signature: 's' }] }),
      delta({ reasoning_details: [{ type: 'reasoning.encrypted', index: 1, data: 'd' }], content: 'c' }, 'stop'),
    ]),
    request,
  )
  expect(whole.choices[0]?.message.reasoning_details).toEqual([
    { type: 'reasoning.text', index: 0, text: 'ab', format: 'x', signature: 's' },
    { type: 'reasoning.encrypted', index: 1, data: 'd' },
  ])
})

test('log probabilities, annotations, audio and a legacy call are put together', async () => {
  const token = (text: string) => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] })
  const citation = (url: string) => ({
    type: 'url_citation',
    url_citation: { url, title: '', start_index: 0, end_index: 0 },
  })
  const first = delta({ content: 'a', annotations: [citation('1')], audio: { id: 'x', data: 'AA' } })
  const second = delta({ content: 'b', annotations: [citation('2')], audio: { data: 'BB', expires_at: 9 } })
  const call = [delta({ function_call: { name: 'f', arguments: '{' } }), delta({ function_call: { arguments: '}' } })]
  Object.assign(first.choices[0] ?? {}, { logprobs: { content: [token('a')], refusal: null } })
  Object.assign(second.choices[0] ?? {}, { logprobs: { content: [token('b')] } })

  const whole = await collect(stream([first, second, ...call, delta({}, 'stop')]), request)
  expect(whole.choices[0]).toMatchObject({
    finish_reason: 'function_call',
    logprobs: { content: [token('a'), token('b')], refusal: null },
    message: {
      content: 'ab',
      annotations: [citation('1'), citation('2')],
      audio: { id: 'x', data: 'AABB', expires_at: 9 },
      function_call: { name: 'f', arguments: '{}' },
    },
  })
})

test('choices come out in the order of their index', async () => {
  const whole = await collect(
    stream([delta({ content: 'b' }, 'stop', 1), delta({ content: 'a' }, null, 0), delta({}, 'stop', 0)]),
    request,
  )
  expect(whole.choices.map(({ message }) => message.content)).toEqual(['a', 'b'])
})

test('unknown fields stay: text is joined, the last of other values counts', async () => {
  const odd = { ...delta({ content: 'a', plan: 'x', score: 1 }), provider: 'p' }
  const whole = await collect(stream([odd, delta({ plan: 'y', score: 2 }, 'stop')]), request)
  expect(whole).toMatchObject({ provider: 'p', choices: [{ message: { plan: 'xy', score: 2 } }] })
})

test('fields that are named like parts of a prototype change nothing but the answer', async () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":"x","content":"a"}')
  const whole = await collect(stream([delta(hostile, 'stop')]), request)
  expect(whole.choices[0]?.message.content).toBe('a')
  expect(Object.getPrototypeOf(whole.choices[0]?.message)).toBe(Object.prototype)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})
