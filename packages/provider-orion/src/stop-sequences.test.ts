import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { chatChunks, everyTextCut } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { untilStop } from './stop-sequences.ts'
import { answered } from './test-orion.ts'
import { startRig } from './test-rig.ts'

async function read(pieces: readonly string[], stops: readonly string[]) {
  const chunks: ChatCompletionChunk[] = []
  const given = chatChunks({ text: pieces })
  for await (const chunk of untilStop(iterate(given), stops)) chunks.push(chunk)
  return {
    text: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
    finish: chunks.at(-1)?.choices[0]?.finish_reason,
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T, undefined> {
  yield* items
}

describe('an answer ends', () => {
  test.each([
    ['one\nUser: two', ['User:'], 'one\n'],
    ['ababac', ['abac'], 'ab'],
    ['one two three', ['three', 'two'], 'one '],
    ['one ENDthing', ['ENDING'], 'one ENDthing'],
    ['one EN', ['END'], 'one EN'],
  ])('%j before the first of %j, wherever it is cut', async (text, stops, expected) => {
    for (const pieces of everyTextCut(text))
      expect(await read(pieces, stops)).toEqual({ text: expected, finish: 'stop' })
  })

  test('and the upstream is left there', async () => {
    await using rig = await startRig()
    rig.fake.answer = () => answered('one ', 'EN', 'D two')
    const { choices } = await rig.complete(rig.request('Hi', { stop: 'END' }))
    expect(choices).toMatchObject([{ message: { content: 'one ' }, finish_reason: 'stop' }])
  })
})
