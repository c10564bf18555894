import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { chatEncoder, encodeAnswer, heartbeat } from './answer-encoder.ts'
import { canonicalChunks } from './canonical.ts'
import { DragomanError } from './errors.ts'
import { withSourceText } from './source-text.ts'

const { signal } = new AbortController()
const json =
  '{"created":1.0,"id":"c","object":"chat.completion.chunk","model":"m","big":12345678901234567890,"choices":[]}'

function chunk(text: string): ChatCompletionChunk {
  return withSourceText(JSON.parse(text), text)
}

type Item = ChatCompletionChunk | Uint8Array | typeof heartbeat | Error

async function frames(...items: readonly Item[]): Promise<(string | Uint8Array)[]> {
  const source = async function* () {
    for (const item of items) {
      if (item instanceof Error) throw item
      yield item
    }
  }
  const all: (string | Uint8Array)[] = []
  for await (const frame of encodeAnswer(source(), chatEncoder({ includeUsage: true }), signal)) all.push(frame)
  return all
}

async function first(...items: readonly Item[]): Promise<string | Uint8Array | undefined> {
  return (await frames(...items))[0]
}

test('a chunk goes out as the JSON it came as, a changed copy as what it is', async () => {
  const came = chunk(json)
  expect(await frames(came)).toEqual([`data: ${json}\n\n`, 'data: [DONE]\n\n'])
  expect(await first({ ...came, model: 'n' })).toContain('"created":1,')
})

test.each(['\n', '\r'])(
  'JSON with a line break in it (%j) is written anew: it would not be one line',
  async (lineBreak) => {
    expect(await first(chunk(json.replace('{', `{${lineBreak}`)))).toMatch(/^[^\r\n]+\n\n$/)
  },
)

test('the canonical form keeps the source of what it does not change, and only of that', async () => {
  const text = (delta: object) =>
    JSON.stringify({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: null }],
    }).replace('"created":1', '"created":1.0')
  const canonical = canonicalChunks({ model: 'm', messages: [] })
  const through = (delta: object) => first(...canonical.push(chunk(text(delta))))
  expect(await through({ role: 'assistant', content: 'a' })).toContain('"created":1.0')
  expect(await through({ content: 'b' })).toContain('"created":1.0')
  expect(await through({ role: 'assistant', content: 'c' })).toContain('"created":1,')
})

test('bytes go out as they are, heartbeats as comments, and after an error nothing', async () => {
  const bytes = new TextEncoder().encode('data: é\n\n')
  const written = await frames(bytes, heartbeat, new DragomanError('upstream_timeout', 'stalled'))
  expect(written.slice(0, 2)).toEqual([bytes, ': keepalive\n\n'])
  expect(written[2]).toContain('"code":"upstream_timeout"')
  expect(written).toHaveLength(3)
})
