import { DragomanError, type LogEntry, type Provider, Secret } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest, Usage } from '@dragoman/openai-schema'
import { chatChunks, handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { Answer } from '../answer.ts'
import type { Deployment, ProviderEntry } from '../deployments.ts'
import { createGateway } from '../gateway.ts'
import { staticCredentials } from '../static-credentials.ts'

const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: '12345678' }] }
const streamed: ChatCompletionRequest = { ...request, stream: true }
const price = { input: 1_000_000, output: 10_000_000 }
const usage: Usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const part = chatChunks({ text: 'abcd', finish: null })

type Chunks = () => AsyncIterable<ChatCompletionChunk>

const says = (reported: object = usage): Chunks =>
  async function* () {
    yield* chatChunks({ text: 'hi', usage: reported as Usage })
  }
const breaks = (before: readonly ChatCompletionChunk[]): Chunks =>
  async function* () {
    yield* before
    throw new DragomanError('upstream_unavailable', 'gone', { origin: 'upstream' })
  }
const goesOn: Chunks = async function* () {
  yield* part
  await new Promise(() => {})
}

function entryOf(id: string, chat: Chunks, more: Partial<Provider> = {}): ProviderEntry {
  const provider: Provider = { id, chat, close: async () => {}, ...more }
  const key = { id: 'k', values: { apiKey: new Secret('sk-of-this-test') } }
  return { id, provider, credentials: staticCredentials([key]) }
}

function setUp(deployments: readonly Deployment[]) {
  const records: LogEntry[] = []
  const gateway = createGateway({
    providers: deployments.map(({ entry }) => entry),
    models: [{ name: 'm', deployments }],
    clock: handClock(),
    record: (entry) => records.push(entry),
  })
  return { gateway, records }
}

async function read(answer: Answer): Promise<void> {
  if (answer.kind === 'chunks') for await (const _ of answer.chunks);
}

const noSignal = new AbortController().signal

test.each([request, streamed])('an answer is recorded with what it used and what that cost', async (body) => {
  const { gateway, records } = setUp([{ entry: entryOf('a', says()), price }])
  await read(await gateway.chat(body, { signal: noSignal }))
  expect(records).toMatchObject([{ usage, cost: 23, attempts: [{ usage, cost: 23 }] }])
})

test('without a price of its own it has the one of the table', async () => {
  const { gateway, records } = setUp([{ entry: entryOf('openai', says()), model: 'gpt-5-2025-08-07' }])
  await gateway.chat(request, { signal: noSignal })
  expect(records[0]?.cost).toBeCloseTo((3 * 1.25 + 2 * 10) / 1e6, 12)
})

test('a cost that nobody knows is none, not nothing', async () => {
  const { gateway, records } = setUp([{ entry: entryOf('ollama', says()), model: 'gpt-oss:20b' }])
  await gateway.chat(request, { signal: noSignal })
  expect(records[0]).toMatchObject({ usage, cost: undefined, attempts: [{ usage, cost: undefined }] })
})

test.each([request, streamed])(
  'what the service charged comes before every price, and stays as it came',
  async (body) => {
    const reported = { ...usage, cost: 0.5, cost_details: { upstream_inference_cost: 0.5 } }
    const { gateway, records } = setUp([{ entry: entryOf('openrouter', says(reported)), price }])
    await read(await gateway.chat(body, { signal: noSignal }))
    expect(records).toMatchObject([{ usage: reported, cost: 0.5 }])
  },
)

test('a stream that breaks costs what was estimated, and says that it was', async () => {
  const { gateway, records } = setUp([{ entry: entryOf('a', breaks(part)), price }])
  const answer = await gateway.chat(streamed, { signal: noSignal })
  await expect(read(answer)).rejects.toThrow('gone')
  const estimate = { prompt_tokens: 2, completion_tokens: 1, estimated: true }
  expect(records).toMatchObject([{ usage: estimate, cost: 12, attempts: [{ usage: estimate, cost: 12 }] }])
})

test('so does one that its client leaves, once', async () => {
  const { gateway, records } = setUp([{ entry: entryOf('a', goesOn), price }])
  const leaves = new AbortController()
  const answer = await gateway.chat(streamed, { signal: leaves.signal })
  if (answer.kind !== 'chunks') throw new Error('not streamed')
  for await (const _ of answer.chunks) break
  leaves.abort()
  expect(records).toMatchObject([{ error: { code: 'aborted' }, cost: 12, attempts: [{ cost: 12 }] }])
})

test('an answer that broke off and the one that took its place both cost something', async () => {
  const { gateway, records } = setUp([
    { entry: entryOf('a', breaks(part)), price },
    { entry: entryOf('b', says()), price },
  ])
  await gateway.chat(request, { signal: noSignal })
  expect(records).toMatchObject([{ usage, cost: 12 + 23, attempts: [{ provider: 'a', cost: 12 }, { cost: 23 }] }])
})

test('what said nothing costs nothing', async () => {
  const empty: Chunks = async function* () {}
  const { gateway, records } = setUp([
    { entry: entryOf('a', breaks([])), price },
    { entry: entryOf('b', empty), price },
    { entry: entryOf('c', says()), price },
  ])
  await gateway.chat(request, { signal: noSignal })
  expect(records[0]?.attempts.map(({ usage, cost }) => [usage, cost])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [expect.objectContaining(usage), 23],
  ])
  expect(records[0]?.cost).toBe(23)
})

test('a usage that cannot be is kept as it came, and said to be so', async () => {
  const impossible = { ...usage, prompt_tokens_details: { cached_tokens: 900 } }
  const { gateway, records } = setUp([{ entry: entryOf('a', says(impossible)), price: { ...price, cacheRead: 0 } }])
  await gateway.chat(request, { signal: noSignal })
  expect(records[0]?.attempts).toMatchObject([{ usage: impossible, contradictory: true, cost: 20 }])
})

test('images cost what was made of them', async () => {
  const json = { created: 1, data: [{ b64_json: 'x' }, { url: 'https://example.com/1.png' }] }
  const entry = entryOf('a', says(), {
    endpoints: ['images/generations'],
    serve: async () => ({ kind: 'json', json }),
  })
  const { gateway, records } = setUp([{ entry, price: { input: 1, output: 1, image: 0.04 } }])
  const body = (model: string) => ({ kind: 'json' as const, json: { model, prompt: 'x' } })
  await gateway.serve({ endpoint: 'images/generations', model: 'm', body }, { signal: noSignal })
  expect(records[0]?.cost).toBeCloseTo(0.08, 12)
})
