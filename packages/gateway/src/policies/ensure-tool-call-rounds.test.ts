import { DragomanError, heartbeat, type Provider } from '@dragoman/core'
import type { ChatCompletionChunk, ChatMessage } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { calls, codeOf, modelOf, question, type Said, systemOf } from './test-insisting.ts'

const looks: Said = { reasoning: 'Rain?', toolCalls: [calls('get_weather', { city: 'Oslo' })], usage: tokens(10, 5) }
const talks: Said = { text: 'Let me look.', usage: tokens(7, 3) }
const bothWays = [false, true]

describe('attempts', () => {
  test.each([
    [1, undefined, 1],
    [5, undefined, 5],
    [9, undefined, 5],
    [undefined, 2, 2],
    [4, 2, 4],
    [undefined, undefined, 3],
  ])('%s of the deployment and %s of the gateway make %s calls', async (attempts, usual, expected) => {
    const { seen, requests } = modelOf(
      [talks],
      { ensureToolCall: attempts ? { attempts } : true },
      {
        ...(usual && { ensureToolCall: { attempts: usual } }),
      },
    )
    await seen()
    expect(requests).toHaveLength(expected)
  })

  test('of several targets together are no more', async () => {
    const breaks: Said = () => {
      throw new DragomanError('upstream_unavailable', 'down', { origin: 'upstream' })
    }
    const asked: string[] = []
    const other: Provider = {
      id: 'other',
      async *chat(request) {
        asked.push(systemOf(request))
        yield* chatChunks({ text: 'No.' })
      },
      close: async () => {},
    }
    const { seen, requests, records } = modelOf([talks, breaks], { ensureToolCall: true }, { others: [other] })
    expect((await seen()).content).toBe('No.')
    expect([requests.length, asked.length]).toEqual([2, 2])
    expect(asked[0]).toMatch(/Reminder 1:/)
    expect(records[0]?.attempts).toMatchObject([
      // What the first round used is paid for, though nobody has seen it.
      { rounds: 2, error: { code: 'upstream_unavailable' }, usage: { prompt_tokens: expect.any(Number) } },
      { rounds: 2, toolEnforcement: 'exhausted' },
    ])
  })
})

describe('a failure of the provider', () => {
  test.each(bothWays)('is no reason to ask again (stream: %s)', async (stream) => {
    const refuses: Said = () => {
      throw new DragomanError('invalid_request', 'no such thing')
    }
    const { seen, requests } = modelOf([refuses, looks])
    expect(await seen({ stream }).catch(codeOf)).toBe('invalid_request')
    expect(requests).toHaveLength(1)
  })

  test('behind reasoning that was sent is the end, with what was used', async () => {
    const breaks: Said = async function* () {
      yield* chatChunks({ reasoning: 'Hm.', finish: null })
      throw new DragomanError('upstream_unavailable', 'down', { origin: 'upstream' })
    }
    const { ask, records, requests } = modelOf([talks, breaks])
    const answer = await ask({ stream: true })
    if (answer.kind !== 'chunks') throw new Error(answer.kind)
    const reasoning: unknown[] = []
    const failure = await (async () => {
      for await (const item of answer.chunks) {
        if (typeof item === 'object' && 'choices' in item) reasoning.push(item.choices[0]?.delta)
      }
    })().catch(codeOf)
    expect([failure, reasoning]).toEqual(['upstream_unavailable', [{ role: 'assistant', reasoning_content: 'Hm.' }]])
    expect(requests).toHaveLength(2)
    expect(records[0]).toMatchObject({ error: { code: 'upstream_unavailable' }, attempts: [{ rounds: 2 }] })
    expect(records[0]?.usage?.prompt_tokens).toBeGreaterThan(7)
  })
})

test('reasoning streams as it comes, a round as a paragraph; only signatures of the last round go out', async () => {
  const thinks = (text: string, signature: string, made: object): Said =>
    async function* () {
      const [head, ...rest] = chatChunks({ ...made })
      const detail = { type: 'reasoning.text' as const, text, signature, index: 0 }
      if (!head) return
      const said = (delta: object) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })
      yield* [said({ role: 'assistant', reasoning_content: text }), said({ reasoning_details: [detail] }), ...rest]
    }
  const { ask } = modelOf([thinks('One.', 'sig-1', { text: 'No.' }), thinks('Two.', 'sig-2', looks)])
  const answer = await ask({ stream: true })
  if (answer.kind !== 'chunks') throw new Error(answer.kind)
  const deltas: string[] = []
  for await (const item of answer.chunks) {
    if (typeof item === 'object' && 'choices' in item) deltas.push(JSON.stringify(item.choices[0]?.delta))
  }
  expect(deltas.slice(0, 2)).toEqual([
    '{"role":"assistant","reasoning_content":"One."}',
    '{"reasoning_content":"\\n\\nTwo."}',
  ])
  expect(deltas.join('')).not.toContain('sig-1')
  expect(deltas.join('')).toContain('sig-2')
  expect(deltas.join('')).not.toContain('No.')
})

test.each(bothWays)(
  'what is put back in the next turn is the reasoning of the round that counted (stream: %s)',
  async (stream) => {
    const said: Said[] = [{ reasoning: 'One.', text: 'No.' }, { ...looks, reasoning: 'Two.' } as Said, looks]
    const { seen, requests, clock } = modelOf(said, { ensureToolCall: true }, { provider: { wantsReasoning: true } })
    const { calls: made } = await seen({ stream })
    await clock.advance(0)
    const [call = calls('none')] = made
    const turn: ChatMessage[] = [
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_0', type: 'function', function: call }] },
      { role: 'tool', tool_call_id: 'call_0', content: 'rain' },
    ]
    await seen({ stream, messages: [...question.messages, ...turn] })
    expect(requests.at(-1)?.messages.find(({ role }) => role === 'assistant')).toMatchObject({
      reasoning_content: 'Two.',
    })
  },
)

describe('time', () => {
  const slowly = (text: string, clockOf: () => { advance(ms: number): Promise<void> }): Said =>
    async function* () {
      for (const chunk of chatChunks({ text: [...text] })) {
        await clockOf().advance(50_000)
        yield chunk
      }
    }
  const silent: Said = async function* (_request, { signal }) {
    yield* chatChunks({ text: 'a', finish: null })
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const deaf: Said = async function* () {
    yield* await new Promise<ChatCompletionChunk[]>(() => {})
  }

  test('a turn that is held may take long as long as the model goes on, with heartbeats for the client', async () => {
    const rig = modelOf([slowly('Wait for it', () => rig.clock), looks])
    const answer = await rig.ask({ stream: true })
    if (answer.kind !== 'chunks') throw new Error(answer.kind)
    let heartbeats = 0
    let finish: unknown
    for await (const item of answer.chunks) {
      if (item === heartbeat) heartbeats++
      else if (!(item instanceof Uint8Array)) finish = item.choices[0]?.finish_reason ?? finish
    }
    expect(finish).toBe('tool_calls')
    expect(heartbeats).toBeGreaterThan(10)
    // Longer than any silence may be.
    expect(rig.clock.elapsed()).toBeGreaterThan(600_000)
  })

  test('a client that reads slowly is no silence of the model', async () => {
    const { ask, clock } = modelOf([{ ...looks, reasoning: ['Rain', '?'] } as Said])
    const answer = await ask({ stream: true })
    if (answer.kind !== 'chunks') throw new Error(answer.kind)
    let finish: unknown
    for await (const item of answer.chunks) {
      if (typeof item === 'symbol' || item instanceof Uint8Array) continue
      finish = item.choices[0]?.finish_reason ?? finish
      if (item.choices[0]?.delta.reasoning_content) await clock.advance(650_000)
    }
    expect(finish).toBe('tool_calls')
  })

  test.each([
    ['says nothing', deaf, 120_000, /firstTokenMs/],
    ['falls silent in the middle', silent, 600_000, /idleMs/],
  ])('a model that %s is not waited for', async (_what, said, ms, words) => {
    const { ask, clock, records } = modelOf([said], { ensureToolCall: true }, { limits: { attempts: 1 } })
    const failed = ask().catch(codeOf)
    await clock.advance(ms - 1)
    expect(records).toEqual([])
    await clock.advance(1)
    expect(await failed).toBe('upstream_timeout')
    expect(records[0]?.attempts[0]?.error?.message).toMatch(words)
    expect(clock.pending).toBe(0)
  })

  test('a client that leaves ends the call that is under way, and what it used is told', async () => {
    let isOver = false
    const waits: Said = async function* (_request, { signal }) {
      try {
        yield* chatChunks({ text: 'abcdefgh', finish: null })
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        isOver = true
      }
    }
    const { ask, clock, records } = modelOf([talks, waits])
    const leaving = new AbortController()
    const failed = ask({}, { signal: leaving.signal }).catch(codeOf)
    await clock.advance(0)
    leaving.abort()
    expect(await failed).toBe('aborted')
    await clock.advance(0)
    expect(isOver).toBe(true)
    expect(records[0]?.usage?.prompt_tokens).toBeGreaterThan(7)
    expect(clock.pending).toBe(0)
  })
})
