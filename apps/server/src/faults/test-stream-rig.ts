import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { LogEntry } from '@dragoman/core'
import { type Limits, type ProviderEntry, staticCredentials } from '@dragoman/gateway'
import type { ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import {
  chatStream,
  completion,
  type FakeAnswer,
  type FakeUpstream,
  type HandClock,
  handClock,
  jsonReply,
  type Reply,
  type ScriptedReply,
  startFakeUpstream,
} from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

/** How an answer passes: its chunks are parsed and mended, or its bytes go on as they came. Clients see no difference. */
export const lanes = ['parsed', 'relayed'] as const
export type Lane = (typeof lanes)[number]

/** Far apart, so that a test which moves the clock knows which of them fired. */
export const limits = {
  heartbeatMs: 50_000_000,
  firstTokenMs: 1_000_000,
  idleMs: 1_000_000,
  totalMs: 100_000_000,
  headersMs: 1_000_000,
  wholeHeadersMs: 1_000_000,
  connectMs: 1_000_000,
} as const

export interface StreamRig extends AsyncDisposable {
  readonly server: TestServer
  /** The first target of the model `m`, and the only one of `a/m`. */
  readonly a: FakeUpstream
  /** The second target of the model `m`. */
  readonly b: FakeUpstream
  /** Drives every limit, of the gateway and of its calls. */
  readonly clock: HandClock
  readonly records: readonly LogEntry[]
  /** The nth record, from 1. */
  recorded(n?: number): Promise<LogEntry>
  /** Sends a chat request. Resolves with the head; rejects where the connection ends before it. */
  open(body?: Record<string, unknown>, signal?: AbortSignal): Promise<IncomingMessage>
  /** The same, and reads. */
  ask(body?: Record<string, unknown>, signal?: AbortSignal): Promise<ClientAnswer>
  readonly sdk: OpenAI
  /** Moves the clock until `over` settles, and gives how far. Fails where that takes more than `atMostMs`. */
  pass(over: Promise<unknown>, atMostMs: number): Promise<number>
}

/** The whole server over two fake upstreams, on a clock that stands still. */
export async function startRig(lane: Lane, own: Partial<Limits> = {}): Promise<StreamRig> {
  const [a, b] = [await startFakeUpstream(), await startFakeUpstream()]
  const clock = handClock()
  const records: LogEntry[] = []
  const waiting = new Set<() => void>()
  const entry = (id: string, { origin }: FakeUpstream): ProviderEntry => ({
    id,
    provider: openAICompatible.create({ baseUrl: origin, conformant: lane === 'relayed' }, { clock }),
    credentials: staticCredentials([]),
  })
  const providers = [entry('a', a), entry('b', b)]
  const server = await startTestServer(undefined, {
    gatewayOptions: {
      providers,
      models: [{ name: 'm', deployments: providers.map((entry) => ({ entry, model: 'm' })) }],
      fallbackName: undefined,
      clock,
      // No repetition: it would wait by the clock.
      limits: { ...limits, attempts: 1, ...own },
      record(record) {
        records.push(record)
        for (const check of [...waiting]) check()
      },
    },
  })

  const rig: StreamRig = {
    server,
    a,
    b,
    clock,
    records,
    recorded: (n = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const record = records[n - 1]
          if (!record) return
          waiting.delete(check)
          resolve(record)
        }
        waiting.add(check)
        check()
      }),
    open: (body = {}, signal) => post(server.port, body, signal),
    ask: async (body, signal) => new ClientAnswer(await rig.open(body, signal)),
    sdk: new OpenAI({ apiKey: '-', baseURL: `${server.url}/v1`, maxRetries: 0 }),
    pass: (over, atMostMs) => passTime(clock, over, atMostMs),
    async [Symbol.asyncDispose]() {
      for (const { attempts } of records) {
        for (const attempt of attempts) expect(attempt.relayed, attempt.parsedBecause).toBe(lane === 'relayed')
      }
      // The upstreams first: a client that a test left waiting is not to hold the server for its grace.
      await Promise.all([a.close(), b.close()])
      await server.stop()
      await Promise.all(providers.map(({ provider }) => provider.close()))
    },
  }
  return rig
}

/** Lets time go by until something has happened. How much that took, in milliseconds; throws where it was too long. */
export async function passTime(clock: HandClock, over: Promise<unknown>, atMostMs: number): Promise<number> {
  const from = clock.elapsed()
  let isOver = false
  const note = () => {
    isOver = true
  }
  over.then(note, note)
  await turns()
  while (!isOver) {
    const passed = clock.elapsed() - from
    if (passed >= atMostMs) throw new Error(`Nothing had happened after ${passed} ms`)
    await clock.advance(atMostMs / 20)
    await turns()
  }
  return clock.elapsed() - from
}

/** What was written has been read: loopback sockets deliver within a few turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export const chatRequest = { model: 'm', messages: [{ role: 'user', content: 'Say hello' }], stream: true }

export function post(port: number, body: Record<string, unknown>, signal?: AbortSignal): Promise<IncomingMessage> {
  const options = {
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    agent: false,
    signal,
  }
  return new Promise((resolve, reject) => {
    const sent = httpRequest(options, resolve)
    sent.on('error', reject)
    sent.end(JSON.stringify({ ...chatRequest, ...body }))
  })
}

/** An answer as its bytes come in. */
export class ClientAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Resolves with the end of the answer, `whole` where HTTP says that it was one. */
  readonly ended: Promise<'whole' | 'broken'>
  readonly #response: IncomingMessage
  readonly #pieces: Buffer[] = []
  readonly #waiting = new Set<() => void>()

  constructor(response: IncomingMessage) {
    this.#response = response
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    response.on('data', (piece: Buffer) => {
      this.#pieces.push(piece)
      this.#check()
    })
    response.on('error', () => {}) // 'close' follows
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        resolve(response.complete ? 'whole' : 'broken')
        this.#check()
      })
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  get text(): string {
    return this.bytes.toString()
  }

  /** Waits until the text so far holds `part`. */
  until(part: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const isHere = this.text.includes(part)
        if (!isHere && !this.#response.closed) return
        this.#waiting.delete(check)
        if (isHere) resolve()
        else reject(new Error(`The answer ended without ${JSON.stringify(part)}: ${this.text.slice(0, 2_000)}`))
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** The whole text. Throws where the connection broke before its end. */
  async whole(): Promise<string> {
    if ((await this.ended) === 'broken') throw new Error(`The answer broke off: ${this.text.slice(0, 2_000)}`)
    return this.text
  }

  /** The client closes its connection. */
  leave(): void {
    this.#response.destroy()
  }

  #check(): void {
    for (const check of [...this.#waiting]) check()
  }
}

/** A streamed answer as a client that knows the standard by heart sees it. */
export interface Seen {
  readonly chunks: readonly ChatCompletionChunk[]
  /** Of the first choice. */
  readonly content: string
  readonly finish: string | undefined
  /** The last that was not null. */
  readonly usage: Usage | undefined
  readonly error: { readonly message: string; readonly type: string; readonly code: string | null } | undefined
  readonly isDone: boolean
  readonly heartbeats: number
}

/**
 * Reads a stream and demands that it is a clean one: each event of lines `data: …` and a blank line, nothing after
 * `[DONE]` and nothing after an error. Comments may stand between events, those of an upstream too.
 */
export function readStream(text: string): Seen {
  const blocks = text.split('\n\n')
  expect(blocks.pop(), 'the stream ends with a blank line').toBe('')
  const chunks: ChatCompletionChunk[] = []
  let error: Seen['error']
  let isDone = false
  let heartbeats = 0
  for (const block of blocks) {
    const lines = block.split('\n').filter((line) => {
      if (line === ': keepalive') heartbeats++
      return !line.startsWith(':')
    })
    if (lines.length === 0) continue
    expect(isDone || error, `nothing after the end, not ${block.slice(0, 200)}`).toBeFalsy()
    for (const line of lines) expect(line, 'a plain data line').toMatch(/^data: ./u)
    const data = lines.map((line) => line.slice('data: '.length)).join('\n')
    if (data === '[DONE]') {
      isDone = true
      continue
    }
    const json = JSON.parse(data)
    if (json.error) error = json.error
    else chunks.push(json)
  }
  const choices = chunks.flatMap((chunk) => chunk.choices).filter(({ index }) => index === 0)
  return {
    chunks,
    content: choices.map(({ delta }) => delta.content ?? '').join(''),
    finish: choices.map(({ finish_reason }) => finish_reason).findLast(Boolean) ?? undefined,
    usage: chunks.map(({ usage }) => usage).findLast(Boolean) ?? undefined,
    error,
    isDone,
    heartbeats,
  }
}

/** The one honest end of an answer that broke: what came, an error, and nothing that looks like an end. */
export function expectBroken(text: string, content: string): NonNullable<Seen['error']> {
  const seen = readStream(text)
  expect(seen).toMatchObject({ content, isDone: false, finish: undefined, usage: undefined })
  expect(seen.error).toEqual({
    message: expect.any(String),
    type: 'server_error',
    param: null,
    code: expect.any(String),
  })
  return seen.error as NonNullable<Seen['error']>
}

/** The answer, streamed or whole as it is asked for. */
export const answering =
  (answer: FakeAnswer): ScriptedReply =>
  ({ json }) =>
    json.stream ? chatStream(answer) : completion(answer)

/** One reply where a stream is asked for, another where a whole answer is. */
export const either =
  (streamed: Reply, whole: Reply): ScriptedReply =>
  ({ json }) =>
    json.stream ? streamed : whole

/** What the second target answers, so that nobody takes it for the first one's. */
export const fromB: FakeAnswer = {
  id: 'chatcmpl-b',
  text: ['Be', 'hold'],
  usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
}

/** The client was served by B alone, and A's failure is in the record. */
export async function expectServedByB(rig: StreamRig, answer: ClientAnswer, stream: boolean): Promise<LogEntry> {
  const text = await answer.whole()
  expect(answer.status).toBe(200)
  if (stream) {
    const seen = readStream(text)
    expect(seen).toMatchObject({ content: 'Behold', finish: 'stop', isDone: true, error: undefined })
    expect(new Set(seen.chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-b']))
  } else {
    expect(JSON.parse(text)).toMatchObject({
      id: 'chatcmpl-b',
      choices: [{ message: { content: 'Behold' }, finish_reason: 'stop' }],
      usage: fromB.usage,
    })
  }
  expect(answer.headers['x-gateway-provider']).toBe('b')
  const record = await rig.recorded()
  expect(record).toMatchObject({ status: 200, finishReason: 'stop', usage: fromB.usage, error: undefined })
  expect(record.attempts.map(({ provider, error }) => [provider, error === undefined])).toEqual([
    ['a', false],
    ['b', true],
  ])
  return record
}

/** How far the memory of this process has grown at most, in bytes, since this was called. */
export function watchMemory(): { growth(): number; stop(): void } {
  const before = process.memoryUsage.rss()
  let most = before
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 5)
  return {
    growth() {
      look()
      return most - before
    },
    stop: () => clearInterval(timer),
  }
}

export const errorJson = (message: string) =>
  jsonReply({ error: { message, type: 'server_error', param: null, code: 'overloaded' } })
