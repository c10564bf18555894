// The clients: closed loops and streams on bare TCP, every answer checked.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AnswerCheck, wholeCheck } from './answer-check.ts'
import { type Endpoint, requestsOf } from './client-request.ts'
import { type Asked, faultOfWhole, filled, nowMicros } from './contents.ts'
import { MessageReader } from './http-message.ts'
import { streamCheck } from './stream-check.ts'

export interface Wrong {
  readonly count: number
  readonly first: string | undefined
}

export interface LoopResult {
  readonly answers: number
  readonly seconds: number
  readonly wrong: Wrong
}

export interface StreamsResult {
  /** How many streams were open at the same time. */
  readonly peak: number
  /** From writing a chunk to reading it; empty where chunks carry no time. */
  readonly delaysMicros: readonly number[]
  readonly wrong: Wrong
}

const GRACE_MS = 15_000

/** One request in flight on each of `connections`, again and again for `ms`. Chat Completions only. */
export async function closedLoop(
  endpoint: Endpoint,
  { connections, ms, asked }: { connections: number; ms: number; asked: Partial<Asked> },
): Promise<LoopResult> {
  const expected = await sample(endpoint, asked)
  const wrong = new WrongAnswers()
  let answers = 0
  const began = performance.now()
  const loops = Array.from({ length: connections }, () => {
    const check = wholeCheck(expected)
    return exchange(endpoint, requestsOf(endpoint, asked, { isStreamed: false }), check, ms + GRACE_MS, (fault) => {
      answers++
      wrong.add(fault)
      return performance.now() - began < ms
    })
  })
  const lines = await Promise.all(loops)
  const seconds = (performance.now() - began) / 1000
  for (const line of lines) wrong.add(line.close())
  return { answers, seconds, wrong: wrong.result() }
}

/** Opens `streams` within `rampMs` and reads each to its end. */
export async function openStreams(
  endpoint: Endpoint,
  { streams, rampMs, asked }: { streams: number; rampMs: number; asked: Partial<Asked> },
): Promise<StreamsResult> {
  const how = { isStreamed: true, withUsage: true }
  const all = filled(asked)
  const limitMs = rampMs + all.chunks * all.everyMs + GRACE_MS
  const wrong = new WrongAnswers()
  const delaysMicros: number[] = []
  const expectation = {
    dialect: endpoint.dialect,
    asked: all,
    withUsage: true,
    onDelay: (micros: number) => delaysMicros.push(micros),
    now: nowMicros,
  }
  const open: Promise<Line>[] = []
  let running = 0
  let peak = 0
  const began = performance.now()
  while (open.length < streams) {
    const due = rampMs > 0 ? ((performance.now() - began) / rampMs) * streams : streams
    while (open.length < Math.min(streams, due)) {
      const check = streamCheck(expectation)
      const counted: AnswerCheck = {
        get fault() {
          return check.fault
        },
        head(text) {
          peak = Math.max(peak, ++running)
          check.head(text)
        },
        data: check.data,
        end() {
          running--
          check.end()
        },
      }
      const ended = exchange(endpoint, requestsOf(endpoint, asked, how), counted, limitMs, (fault) => {
        wrong.add(fault)
        return false
      })
      open.push(ended)
    }
    if (open.length < streams) await sleep(5)
  }
  // Connections are left open until all have ended, so that what comes after an end is seen.
  for (const line of await Promise.all(open)) wrong.add(line.close())
  return { peak, delaysMicros, wrong: wrong.result() }
}

/** Opens streams and reads them without a check, or does not read at all. The caller destroys the sockets. */
export function openUnchecked(
  endpoint: Endpoint,
  { streams, isRead, asked }: { streams: number; isRead: boolean; asked: Partial<Asked> },
): Socket[] {
  const request = requestsOf(endpoint, asked, { isStreamed: true })
  return Array.from({ length: streams }, () => {
    const socket = connect(endpoint.port, '127.0.0.1')
    socket.on('error', () => {}) // what is measured is the other side
    socket.write(request())
    if (isRead) socket.resume()
    return socket
  })
}

/** One whole answer of Chat Completions, looked at in full. Throws where it is not right. */
export async function sample(endpoint: Endpoint, asked: Partial<Asked>): Promise<Buffer> {
  const parts: Buffer[] = []
  let head = ''
  const sink: AnswerCheck = {
    fault: undefined,
    head(text) {
      head = text
    },
    data(bytes) {
      parts.push(Buffer.from(bytes))
    },
    end() {},
  }
  const request = requestsOf(endpoint, asked, { isStreamed: false })
  let problem: string | undefined
  const line = await exchange(endpoint, request, sink, GRACE_MS, (fault) => {
    problem = fault
    return false
  })
  problem ??= line.close()
  const body = Buffer.concat(parts)
  if (!problem && !head.startsWith('HTTP/1.1 200 ')) problem = `${head.split('\r')[0]} ${body.toString().slice(0, 200)}`
  problem ??= faultOfWhole(body.toString(), filled(asked))
  if (problem) throw new Error(problem)
  return body
}

interface Line {
  /** Ends the connection; returns what is wrong with how it stood. */
  close(): string | undefined
}

/**
 * Sends the request, and again for as long as `onAnswer` says so. Never rejects: a connection that is lost or silent for
 * longer than `limitMs` in all is a wrong answer.
 */
function exchange(
  { port }: Endpoint,
  request: () => Buffer,
  check: AnswerCheck,
  limitMs: number,
  onAnswer: (fault: string | undefined) => boolean,
): Promise<Line> {
  return new Promise((resolve) => {
    let isOver = false
    let late: string | undefined
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const reader = new MessageReader({
      head: (text) => check.head(text),
      data: (bytes) => check.data(bytes),
      end() {
        check.end()
        if (isOver) late = 'an answer after the answer'
        else if (onAnswer(check.fault)) socket.write(request())
        else finish()
      },
    })
    const limit = setTimeout(() => fail(`no answer within ${limitMs} ms`), limitMs)
    socket.on('connect', () => socket.write(request()))
    socket.on('data', (bytes) => {
      try {
        reader.push(bytes)
      } catch (error) {
        fail(String(error))
      }
    })
    socket.on('error', (error) => fail(error.message))
    socket.on('close', () => fail('the connection was closed before the end of the answer'))

    function fail(fault: string): void {
      if (isOver) return
      onAnswer(fault)
      finish()
      socket.destroy()
    }

    function finish(): void {
      isOver = true
      clearTimeout(limit)
      resolve({
        close() {
          const isSpoilt = !socket.destroyed && !reader.isAtEnd
          socket.destroy()
          return late ?? (isSpoilt ? 'bytes after the answer' : undefined)
        },
      })
    }
  })
}

class WrongAnswers {
  #count = 0
  #first: string | undefined

  add(fault: string | undefined): void {
    if (fault === undefined) return
    this.#count++
    this.#first ??= fault
  }

  result(): Wrong {
    return { count: this.#count, first: this.#first }
  }
}
