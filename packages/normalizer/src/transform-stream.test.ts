import { expect, test } from 'vitest'
import { answerOf, done, said, streamOf } from './chat-answers.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { markupTransform, normalizeTransform } from './transform-stream.ts'

const text =
  '<think>Hm.</think>Yes.<|tool_call_begin|>functions.a:0<|tool_call_argument_begin|>{"b":1}<|tool_call_end|> <|tool'

async function through<I, O>(items: Iterable<I>, transform: TransformStream<I, O>): Promise<O[]> {
  return await Array.fromAsync(ReadableStream.from<I>(streamOf(items)).pipeThrough(transform))
}

test('chunks of a web stream are normalized', async () => {
  const out = await through([...said(...text), done], normalizeTransform({ format: kimiK2 }))
  expect(answerOf(out)).toEqual({
    content: 'Yes. <|tool',
    reasoning: 'Hm.',
    calls: [{ id: 'functions.a:0', name: 'a', arguments: '{"b":1}' }],
    finishReason: 'tool_calls',
  })
})

test('what is held comes out when the stream ends without a finish reason', async () => {
  expect(answerOf(await through(said('a <|tool'), normalizeTransform({ format: kimiK2 }))).content).toBe('a <|tool')
})

test('text of a web stream becomes events', async () => {
  expect(await through([text], markupTransform({ format: kimiK2 }))).toEqual([
    { type: 'reasoning', text: 'Hm.' },
    { type: 'content', text: 'Yes.' },
    { type: 'tool-call', index: 0, id: 'functions.a:0', name: 'a' },
    { type: 'tool-arguments', index: 0, text: '{"b":1}' },
    { type: 'tool-call-end', index: 0, state: 'complete' },
    { type: 'content', text: ' <|tool' },
  ])
})
