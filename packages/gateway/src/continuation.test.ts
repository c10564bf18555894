import type { AnswerItem } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { mayBeContinued, requestForRest } from './continuation.ts'
import { ask, type Chat, driven, entry, fails, request, says, setUp, stalls, streamed, textOf } from './test-replies.ts'

const group = { continuesCutText: true }

const begins = (text: string, reasoning?: string) => chatChunks({ text, reasoning, finish: null, id: 'first' })
const cut = (text: string) => fails('upstream_unavailable', {}, begins(text))

/** Keeps what it was sent. */
function listening(reply: Chat) {
  const sent: ChatCompletionRequest[] = []
  const listener: Chat = (request, call) => {
    sent.push(request)
    return reply(request, call)
  }
  return { sent, reply: listener }
}

const rest = (text: string | readonly string[], reasoning?: string): Chat =>
  async function* () {
    yield* chatChunks({ text, reasoning, usage: tokens(10, 5), id: 'second', model: 'other' })
  }

async function chunksOf(items: AsyncIterable<AnswerItem>): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = []
  for await (const item of items) if (typeof item === 'object' && 'choices' in item) chunks.push(item)
  return chunks
}

test('a text that was cut goes on with another target, as one answer', async () => {
  const b = listening(rest([' jumps', ' over'], 'Let me see'))
  const a = entry('a', [cut('The quick brown fox')])
  const { gateway, records } = setUp([a, entry('b', [b.reply])], { group })
  const answer = await ask(gateway, streamed)
  if (answer.kind !== 'chunks') throw new Error('no stream')
  const chunks = await chunksOf(answer.chunks)
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
  expect(deltas.map(({ content }) => content ?? '').join('')).toBe('The quick brown fox jumps over')
  expect(deltas.filter(({ role }) => role)).toHaveLength(1)
  expect(deltas.filter(({ reasoning_content: thought }) => thought)).toEqual([])
  expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`)).size).toBe(1)
  expect(chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.finish_reason ?? []))).toEqual(['stop'])

  expect(b.sent[0]?.messages).toMatchObject([
    { role: 'user', content: 'x' },
    { role: 'assistant', content: 'The quick brown fox' },
    { role: 'user', content: expect.stringContaining('Go on exactly where it stops') },
  ])
  const [record] = records
  expect(record).toMatchObject({ status: 200, finishReason: 'stop' })
  expect(record?.error).toBeUndefined()
  expect(record?.attempts).toMatchObject([
    {
      provider: 'a',
      error: { code: 'upstream_unavailable' },
      parsedBecause: 'the caller gave no text',
      usage: { estimated: true },
    },
    { provider: 'b', continues: true, usage: { total_tokens: 15 } },
  ])
  expect(record?.attempts[0]?.continues).toBeUndefined()
  const both = (record?.attempts ?? []).reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0)
  expect(chunks.at(-1)?.usage).toMatchObject({ total_tokens: both, estimated: true })
  expect(record?.usage).toEqual(chunks.at(-1)?.usage)
  expect(a.entry.credentials.status()).toMatchObject([{ inFlight: 0 }])
})

test('what is said twice at the seam is said once', async () => {
  const b = entry('b', [rest(['quick ', 'brown', ' fox', ' jumps'])])
  const { gateway } = setUp([entry('a', [cut('The quick brown fox')]), b], { group })
  expect(await textOf(await ask(gateway, streamed))).toBe('The quick brown fox jumps')
})

test.each([
  ['partial', { role: 'assistant', content: 'Once upon ', partial: true }],
  ['prefix', { role: 'assistant', content: 'Once upon ', prefix: true }],
  ['plain', { role: 'assistant', content: 'Once upon' }],
] as const)('a service that goes on with a last message is given that (%s)', async (prefill, last) => {
  const b = listening(rest(prefill === 'plain' ? ' a time' : 'a time'))
  const { entry: made } = entry('b', [b.reply])
  Object.assign(made.provider, { prefill: () => prefill })
  const { gateway } = setUp([entry('a', [cut('Once upon ')]), { entry: made }], { group })
  expect(await textOf(await ask(gateway, streamed))).toBe('Once upon a time')
  expect(b.sent[0]?.messages).toEqual([{ role: 'user', content: 'x' }, last])
})

test('the target that was cut is asked when there is no other', async () => {
  const a = entry('a', [cut('Hel'), rest('lo')])
  const { gateway, records } = setUp([a], { group })
  expect(await textOf(await ask(gateway, streamed))).toBe('Hello')
  expect(records[0]?.attempts).toHaveLength(2)
})

test('a text goes on twice, not more often, and then it is told what broke it', async () => {
  const pieces = ['one ', 'two ', 'three ', 'four '].map(cut)
  const a = entry('a', pieces)
  const { gateway, records } = setUp([a], { group })
  const answer = await ask(gateway, streamed)
  if (answer.kind !== 'chunks') throw new Error('no stream')
  let text = ''
  const reading = (async () => {
    for await (const item of answer.chunks) {
      if (typeof item === 'object' && 'choices' in item) text += item.choices[0]?.delta.content ?? ''
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(text).toBe('one two three ')
  expect(a.calls).toHaveLength(3)
  const attempts = records[0]?.attempts ?? []
  expect(attempts.map(({ continues }) => continues)).toEqual([undefined, true, true])
  const used = attempts.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0)
  expect(records[0]).toMatchObject({ error: { code: 'upstream_unavailable' }, usage: { total_tokens: used } })
})

test('where the rest cannot be had, the client is told what broke its answer, and not what came after', async () => {
  const a = entry('a', [cut('Hel')])
  const b = entry('b', [fails('invalid_request', { message: 'No assistant message last' })])
  const { gateway, records } = setUp([a, b], { group })
  await expect(textOf(await ask(gateway, streamed))).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(records[0]?.attempts).toMatchObject([{ provider: 'a' }, { provider: 'b', continues: true }])
})

test('a failure of the one that goes on leads to the next, which is given the same text', async () => {
  const c = listening(rest('lo'))
  const entries = [entry('a', [cut('Hel')]), entry('b', [fails('rate_limited')]), entry('c', [c.reply])]
  const { gateway } = setUp(entries, { group })
  expect(await textOf(await ask(gateway, streamed))).toBe('Hello')
  expect(c.sent[0]?.messages[1]).toEqual({ role: 'assistant', content: 'Hel' })
})

test('a text that stalls goes on elsewhere', async () => {
  const limits = { idleMs: 1_000, heartbeatMs: 2_000 }
  const { gateway, clock, records } = setUp([entry('a', [stalls(begins('Hel'))]), entry('b', [rest('lo')])], {
    group,
    limits,
  })
  const answer = await ask(gateway, streamed)
  expect(await driven(clock, textOf(answer))).toBe('Hel**lo')
  expect(records[0]?.attempts).toMatchObject([{ error: { code: 'upstream_timeout' } }, { continues: true }])
  expect(clock.pending).toBe(0)
})

test('the caller may leave while the rest is asked for', async () => {
  const b = entry('b', [stalls()])
  const { gateway, clock, records } = setUp([entry('a', [cut('Hel')]), b], { group })
  const controller = new AbortController()
  const answer = await ask(gateway, streamed, controller.signal)
  const text = textOf(answer)
  text.catch(() => {})
  await clock.advance(1)
  expect(b.calls).toHaveLength(1)
  controller.abort()
  await expect(text).rejects.toMatchObject({ code: 'aborted' })
  expect(records).toMatchObject([{ status: 499, attempts: [{}, { continues: true, error: { code: 'aborted' } }] }])
  expect(b.entry.credentials.status()).toMatchObject([{ inFlight: 0 }])
  expect(clock.pending).toBe(0)
})

describe('nothing goes on', () => {
  const call = chatChunks({ text: 'Hel', toolCalls: [{ name: 'weather', arguments: '{"ci' }], finish: null })
  const after: [string, ChatCompletionChunk[]][] = [
    ['reasoning that is still open', chatChunks({ reasoning: 'Hm', finish: null })],
    ['a tool call', call],
    ['the finish reason', chatChunks({ text: 'Hello' })],
    ['a second choice', [...begins('Hel'), ...begins('He').map(inSecondChoice)]],
  ]
  test.each(after)('after %s', async (_what, before) => {
    const b = entry('b', [says('no')])
    const { gateway } = setUp([entry('a', [fails('upstream_unavailable', {}, before)]), b], { group })
    await expect(textOf(await ask(gateway, streamed))).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(b.calls).toEqual([])
  })

  test('where the group does not ask for it', async () => {
    const b = entry('b', [says('no')])
    const { gateway } = setUp([entry('a', [cut('Hel')]), b])
    await expect(textOf(await ask(gateway, streamed))).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(b.calls).toEqual([])
  })
})

function inSecondChoice(chunk: ChatCompletionChunk): ChatCompletionChunk {
  return { ...chunk, choices: chunk.choices.map((choice) => ({ ...choice, index: 1 })) }
}

test('reasoning that is over does not keep a text from going on', async () => {
  const a = entry('a', [fails('upstream_unavailable', {}, begins('Hel', 'Hm'))])
  const { gateway } = setUp([a, entry('b', [rest('lo')])], { group })
  expect(await textOf(await ask(gateway, streamed))).toBe('Hello')
})

const weather = { type: 'function' as const, function: { name: 'weather', parameters: {} } }

test.each<[string, Partial<ChatCompletionRequest>, boolean]>([
  ['a plain request', {}, true],
  ['a whole answer', { stream: false }, false],
  ['two choices', { n: 2 }, false],
  ['one choice', { n: 1 }, true],
  ['tools', { tools: [weather] }, false],
  ['a JSON answer', { response_format: { type: 'json_object' } }, false],
  ['a text answer', { response_format: { type: 'text' } }, true],
  ['log probabilities', { logprobs: true }, false],
  ['sound', { modalities: ['text', 'audio'] }, false],
  ['a grammar', { guided_json: {} }, false],
  ['a beginning of its own', { messages: [...request.messages, { role: 'assistant', content: '{' }] }, false],
])('%s may be gone on with: %3$s', (_what, change, expected) => {
  expect(mayBeContinued({ ...streamed, ...change }, {})).toBe(expected)
})

test('what was said counts against the token limit', () => {
  const limited = { ...streamed, max_tokens: 100, max_completion_tokens: 20 }
  const asked = requestForRest(limited, 'a'.repeat(40), undefined)
  expect(asked).toMatchObject({ max_tokens: 90, max_completion_tokens: 16 })
  expect(limited.messages).toHaveLength(1)
})

test('a relay is parsed where its group has texts go on', async () => {
  const a = entry('a', [says('hi')])
  Object.assign(a.entry.provider, { relay: () => Promise.reject(new Error('not to be called')) })
  const { gateway, records } = setUp([a], { group })
  const body = JSON.stringify(streamed)
  const answer = await gateway.chat(streamed, { signal: new AbortController().signal, body })
  expect(await textOf(answer)).toBe('hi')
  expect(records[0]?.attempts).toMatchObject([{ parsedBecause: 'the answer may have to be gone on with' }])
})
