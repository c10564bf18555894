import { chatCompletion, chatCompletionChunk, type ErrorBody, errorBody, validate } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { chatChunks, errorReply, type FakeAnswer, tokens, wholeAnswer } from './chat-replies.ts'

const answers: FakeAnswer[] = [
  {},
  { text: ['Hel', 'lo'], reasoning: ['hm', 'm'], usage: tokens(3, 4) },
  {
    toolCalls: [
      { name: 'f', arguments: { a: 1 } },
      { name: 'g', arguments: ['{"b"', ':2}'], id: 'x' },
    ],
  },
  { text: 'cut', finish: 'length' },
]

test.each(answers)('chunks and whole answers are what the schemas say: %j', (answer) => {
  for (const chunk of chatChunks(answer)) expect(validate(chatCompletionChunk, chunk)).toMatchObject({ ok: true })
  expect(validate(chatCompletion, wholeAnswer(answer))).toMatchObject({ ok: true })
})

test('pieces become a chunk each, between the role and the finish reason', () => {
  const chunks = chatChunks({ reasoning: 'hm', text: ['Hel', 'lo'], usage: tokens(3, 4) })
  expect(chunks.map(({ choices, usage }) => choices[0]?.delta ?? usage)).toEqual([
    { role: 'assistant', content: '' },
    { reasoning_content: 'hm' },
    { content: 'Hel' },
    { content: 'lo' },
    {},
    { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  ])
  expect(chunks[4]?.choices[0]?.finish_reason).toBe('stop')
})

test('a call has its name first, then its arguments piece by piece, and gives the finish reason', () => {
  const chunks = chatChunks({ toolCalls: [{ name: 'f', arguments: ['{"a"', ':1}'] }] })
  expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toEqual([
    { index: 0, id: 'call_0', type: 'function', function: { name: 'f', arguments: '' } },
    { index: 0, function: { arguments: '{"a"' } },
    { index: 0, function: { arguments: ':1}' } },
  ])
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
})

test('with a null finish reason the stream never says how it ended', () => {
  const reasons = chatChunks({ text: 'x', finish: null }).map(({ choices }) => choices[0]?.finish_reason)
  expect(reasons).toEqual([null, null])
})

test('an error given as a sentence has the form of OpenAI; anything else goes as it is', () => {
  const body: ErrorBody = JSON.parse(String(errorReply(429, 'Slow down').body))
  expect(validate(errorBody, body)).toMatchObject({ ok: true })
  expect(body.error.message).toBe('Slow down')
  expect(errorReply(400, { detail: 'odd' }).body).toBe('{"detail":"odd"}')
})
