import type { ChatCompletionChunk, ChatCompletionRequest, Delta } from '@dragoman/openai-schema'
import { chatChunks, everyTextCut, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { canonicalChunks, collect, transformed, untilStop } from './index.ts'

type Choices = ChatCompletionChunk['choices']

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const

function chunkOf(delta: Delta, finish_reason: Choices[number]['finish_reason'] = null, index = 0): ChatCompletionChunk {
  return { ...head, choices: [{ index, delta, finish_reason }] }
}

/** Chunks that tell how many of them were taken, and whether they were left before their end. */
function upstream(chunks: Iterable<ChatCompletionChunk>, end?: Error) {
  const seen = { taken: 0, isLeft: false }
  async function* stream(): AsyncGenerator<ChatCompletionChunk, undefined> {
    let isDone = false
    try {
      for (const chunk of chunks) {
        seen.taken++
        yield chunk
      }
      isDone = true
      if (end) throw end
      return undefined
    } finally {
      seen.isLeft = !isDone
    }
  }
  return { seen, stream: stream() }
}

async function read(chunks: Iterable<ChatCompletionChunk>, stop: ChatCompletionRequest['stop'], n?: number) {
  const got: ChatCompletionChunk[] = []
  for await (const chunk of untilStop(upstream(chunks).stream, { stop, n })) got.push(chunk)
  return got
}

function textOf(chunks: readonly ChatCompletionChunk[], index = 0): string {
  const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index)
  return choices.map(({ delta }) => delta.content ?? '').join('')
}

function endOf(chunks: readonly ChatCompletionChunk[], index = 0): unknown {
  const ends = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index)
  return ends.flatMap(({ finish_reason }) => finish_reason ?? [])
}

describe('an answer ends before', () => {
  test.each([
    ['a stop', 'one\nUser: two', ['User:'], 'one\n'],
    ['a stop as a string', 'one END two', 'END', 'one '],
    ['the one that comes first', 'one two three', ['three', 'two'], 'one '],
    ['the one that is complete first', 'abcd', ['abcd', 'bc'], 'a'],
    ['the longest of those that end together', 'one ENDING', ['ING', 'ENDING', 'G'], 'one '],
    ['one that begins with its own beginning', 'ababac', ['abac'], 'ab'],
    ['one that repeats itself', 'aabaabaaab', ['aabaaa'], 'aab'],
    ['one that is all of it', 'END', ['END'], ''],
    ['one with a surrogate pair', 'yes 🙂 no', ['🙂'], 'yes '],
  ])('%s, wherever it is cut: %j', async (_, text, stop, expected) => {
    for (const pieces of [[text], [...text], ...everyTextCut(text)]) {
      const got = await read(chatChunks({ text: pieces }), stop)
      expect([textOf(got), endOf(got)]).toEqual([expected, ['stop']])
    }
  })

  test.each([
    ['one EN', 'END'],
    ['one ENDthing', ['ENDING', 'THE END']],
    ['aaaa', ['aaaaa', 'aab']],
    ['one END two', ['', 'three']],
  ])('nothing where no stop is complete: %j', async (text, stop) => {
    for (const pieces of [[text], [...text], ...everyTextCut(text)]) {
      expect(textOf(await read(chatChunks({ text: pieces }), stop))).toBe(text)
    }
  })
})

describe('what may be the beginning of a stop', () => {
  test('waits, and nothing else does', async () => {
    const got = await read(chatChunks({ text: ['one E', 'N', 'T', ' two'] }), 'END')
    expect(got.flatMap(({ choices }) => choices[0]?.delta.content || [])).toEqual(['one ', 'ENT', ' two'])
  })

  test('comes with the end of the choice', async () => {
    const got = await read([chunkOf({ content: 'one EN' }), chunkOf({}, 'length')], 'END')
    expect(got.at(-1)?.choices).toEqual([{ index: 0, delta: { content: 'EN' }, finish_reason: 'length' }])
  })

  test('comes before a call, behind which no stop goes on', async () => {
    const call = chunkOf({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] })
    const text = [chunkOf({ content: 'one EN' }), call, chunkOf({ content: 'D' }), chunkOf({}, 'stop')]
    expect((await read(text, 'END')).map(({ choices }) => choices[0]?.delta)).toMatchObject([
      { content: 'one ' },
      { content: 'EN', tool_calls: [{ id: 'c' }] },
      { content: 'D' },
      {},
    ])
  })

  test('comes where a stream ends or breaks off without a word', async () => {
    expect(textOf(await read([chunkOf({ content: 'one EN' })], 'END'))).toBe('one EN')
    const { stream } = upstream([chunkOf({ content: 'one EN' })], new Error('cut off'))
    const got: ChatCompletionChunk[] = []
    const reading = async () => {
      for await (const chunk of untilStop(stream, { stop: 'END' })) got.push(chunk)
    }
    await expect(reading()).rejects.toThrow('cut off')
    expect(textOf(got)).toBe('one EN')
  })
})

test('a stop in the reasoning or in a call ends nothing', async () => {
  const answer = chatChunks({
    reasoning: ['the E', 'ND'],
    text: ['one END'],
    toolCalls: [{ name: 'END', arguments: { a: 'END' } }],
  })
  const got = await read(answer.slice(0, 3), 'END')
  expect(got.map(({ choices }) => choices[0]?.delta.reasoning_content ?? '').join('')).toBe('the END')
  const calls = await read([...answer.slice(0, 3), ...answer.slice(4)], 'END')
  expect(calls).toEqual([...answer.slice(0, 3), ...answer.slice(4)])
})

test('reasoning that comes between is handed on at once, and the text goes on behind it', async () => {
  const answer = [chunkOf({ content: 'one E' }), chunkOf({ reasoning_content: 'hm' }), chunkOf({ content: 'ND two' })]
  const got = await read(answer, 'END')
  expect(got.map(({ choices }) => choices[0]?.delta)).toEqual([{ content: 'one ' }, { reasoning_content: 'hm' }, {}])
})

test('the upstream is left behind a stop, and the text is named that ended the answer', async () => {
  const { seen, stream } = upstream(chatChunks({ text: ['one EN', 'D two', ' three'], usage: tokens(1, 5) }))
  const completion = await collect(untilStop(stream, { stop: 'END' }), { model: 'm', messages: [], stop: 'END' })
  expect(seen).toEqual({ taken: 3, isLeft: true })
  expect(completion.choices).toMatchObject([
    { message: { content: 'one ' }, finish_reason: 'stop', stop_reason: 'END' },
  ])
  expect(completion.usage).toMatchObject({ estimated: true })
})

test('usage that comes with the text, or behind an end of its own, is kept', async () => {
  const withText = { ...chunkOf({ content: 'one END two' }, 'stop'), usage: tokens(1, 5) }
  expect(await read([withText], 'END')).toMatchObject([{ usage: tokens(1, 5), choices: [{ finish_reason: 'stop' }] }])
  const whole = await read(chatChunks({ text: 'one', usage: tokens(1, 5) }), 'END')
  expect(whole.at(-1)?.usage).toEqual(tokens(1, 5))
})

test('an answer that stops before its first word is an answer', async () => {
  const request = { model: 'm', messages: [], stop: ['END'] }
  const completion = await collect(untilStop(upstream([chunkOf({ content: 'END' })]).stream, request), request)
  expect(completion.choices).toMatchObject([{ message: { content: '' }, finish_reason: 'stop' }])
  const empty = transformed(upstream([chunkOf({}, 'stop')]).stream, canonicalChunks(request))
  await expect(Array.fromAsync(empty)).rejects.toMatchObject({ code: 'upstream_empty' })
})

test('choices end apart, and the upstream is left when all have ended', async () => {
  const chunks = [
    chunkOf({ content: 'one E' }, null, 0),
    chunkOf({ content: 'two E' }, null, 1),
    chunkOf({ content: 'ND more' }, null, 0),
    chunkOf({ content: 'of it' }, null, 0),
    chunkOf({ content: 'LSE' }, null, 1),
    chunkOf({}, 'length', 1),
    { ...head, choices: [], usage: tokens(1, 9) },
  ]
  const { seen, stream } = upstream(chunks)
  const got = await Array.fromAsync(untilStop(stream, { stop: 'END', n: 2 }))
  expect([textOf(got, 0), endOf(got, 0)]).toEqual(['one ', ['stop']])
  expect([textOf(got, 1), endOf(got, 1)]).toEqual(['two ELSE', ['length']])
  expect(seen).toEqual({ taken: 6, isLeft: true })
})

test('chunks that say all they have are the same objects, and without a stop it is the same stream', async () => {
  const chunks = chatChunks({ text: ['one', ' two'], usage: tokens(1, 2) })
  const got = await read(chunks, 'END')
  expect(got.every((chunk, i) => chunk === chunks[i])).toBe(true)
  const { stream } = upstream(chunks)
  for (const stop of [undefined, null, '', ['']]) expect(untilStop(stream, { stop })).toBe(stream)
})

// A search that looks back for the whole length of the stop would take minutes here.
test('a stop that nearly comes at every place costs no more than any other', async () => {
  const length = 100_000
  const chunks = Array.from({ length: 2 * length }, () => chunkOf({ content: 'a' }))
  const got = await read([...chunks, chunkOf({}, 'stop')], `${'a'.repeat(length)}b`)
  expect(textOf(got)).toHaveLength(2 * length)
})
