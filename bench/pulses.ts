import { connect, type Socket } from 'node:net'
import { wholeCheck } from './answer-check.ts'
import { type Endpoint, requestsOf } from './client-request.ts'
import type { Asked } from './contents.ts'
import { MessageReader } from './http-message.ts'
import { sample } from './load.ts'

/** Connections that stay open, on which whole answers of Chat Completions are asked for, a while at a time. */
export interface Pulses {
  /** One request in flight on each connection, again and again for `ms`; then until all are answered. @returns answers */
  pulse(ms: number): Promise<number>
  close(): void
}

/** Throws, and later rejects, where an answer is not right. */
export async function openPulses(
  endpoint: Endpoint,
  { connections, asked }: { connections: number; asked: Partial<Asked> },
): Promise<Pulses> {
  const expected = await sample(endpoint, asked)
  const lines = await Promise.all(
    Array.from({ length: connections }, () =>
      openLine(endpoint, requestsOf(endpoint, asked, { isStreamed: false }), expected),
    ),
  )
  return {
    async pulse(ms) {
      const began = performance.now()
      const answers = await Promise.all(lines.map((line) => line(() => performance.now() - began < ms)))
      return answers.reduce((sum, one) => sum + one, 0)
    },
    close() {
      for (const line of lines) line.socket.destroy()
    },
  }
}

/** Sends a request, and again for as long as it is told to. @returns how many were answered */
type Line = ((goesOn: () => boolean) => Promise<number>) & { readonly socket: Socket }

function openLine(endpoint: Endpoint, request: () => Buffer, expected: Buffer): Promise<Line> {
  const socket = connect({ port: endpoint.port, host: '127.0.0.1', noDelay: true })
  const check = wholeCheck(expected)
  let answered = () => {}
  let failed = (_problem: Error) => {}
  const reader = new MessageReader({
    head: (text) => check.head(text),
    data: (bytes) => check.data(bytes),
    end() {
      check.end()
      if (check.fault) failed(new Error(check.fault))
      else answered()
    },
  })
  socket.on('data', (bytes) => reader.push(bytes))
  socket.on('close', () => failed(new Error('The connection was closed')))
  const run = (goesOn: () => boolean) =>
    new Promise<number>((resolve, reject) => {
      let answers = 0
      failed = reject
      answered = () => {
        answers++
        if (goesOn()) socket.write(request())
        else resolve(answers)
      }
      socket.write(request())
    })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => resolve(Object.assign(run, { socket })))
  })
}
