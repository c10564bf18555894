import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { completion, type FakeUpstream, startFakeUpstream, tokens } from '@dragoman/testkit'
import type { FrontAnswer, FrontOrder } from './test-front-process.ts'

export interface Front extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly url: string
  readonly upstream: FakeUpstream
  /** Bytes that the server's process has had resident at most since it was last asked, or since it listens. */
  peakBytes(): Promise<number>
  /** Everything that was logged. */
  logged(): string
}

/** The whole server in a process of its own, before a fake upstream that answers `Hello`. */
export async function startFront(order: Partial<Omit<FrontOrder, 'upstream'>> = {}): Promise<Front> {
  const upstream = await startFakeUpstream()
  upstream.always(completion({ text: 'Hello', usage: tokens(1, 2) }))
  const child = fork(new URL('./test-front-process.ts', import.meta.url), {
    execArgv: ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let log = ''
  child.stdout?.on('data', (text) => {
    log += text
  })
  const ask = (question: FrontOrder | 'peak') => {
    child.send(question)
    return answer(child)
  }
  try {
    const told = await ask({ host: '127.0.0.1', ...order, upstream: upstream.origin })
    const { hostname, port } = new URL(told.url)
    return {
      host: hostname,
      port: Number(port),
      url: told.url,
      upstream,
      peakBytes: async () => (await ask('peak')).peakBytes,
      logged: () => log,
      async [Symbol.asyncDispose]() {
        child.kill()
        await Promise.all([once(child, 'exit'), upstream.close()])
      },
    }
  } catch (cause) {
    child.kill()
    await upstream.close()
    throw cause
  }
}

function answer(child: ChildProcess): Promise<FrontAnswer> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`The server's process ended with ${code}`))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as FrontAnswer)
    })
  })
}

/** What came back over a connection until it was closed. */
export interface RawExchange {
  readonly socket: Socket
  /** Resolves with the whole head of the first answer, once it is here. */
  readonly head: Promise<string>
  /** Resolves with everything, once the connection is closed, by whatever. */
  readonly closed: Promise<string>
}

/** A connection on which the test writes what it likes. Resets are ends like any other. */
export function rawConnection({ host, port }: { host: string; port: number }): RawExchange {
  const socket = connect(port, host)
  let text = ''
  const head = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<string>()
  socket.setEncoding('latin1')
  socket.on('data', (part) => {
    text += part
    const end = text.indexOf('\r\n\r\n')
    if (end > 0) head.resolve(text.slice(0, end))
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    head.resolve(text)
    closed.resolve(text)
  })
  return { socket, head: head.promise, closed: closed.promise }
}

export const chatBody = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
}

/** How many answers came over one connection. */
export function answersIn(text: string): number {
  return text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0
}
