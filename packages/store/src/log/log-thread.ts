import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { DragomanError } from '@dragoman/core'
import type { ReadMessage, ReadReply, ThreadOptions } from './thread-messages.ts'

/** Beside the driver, whether that is a source, a built package or a bundle. `from`: the driver's own URL. */
function workerUrl(from: string): URL {
  return new URL(from.endsWith('.ts') ? './log-worker.ts' : './log-worker.js', from)
}

/** What a thread of a log is to the one that started it. */
export interface LogThread extends Pick<Worker, 'postMessage' | 'ref' | 'unref'> {
  // biome-ignore lint/suspicious/noExplicitAny: each event has a value of its own, which both kinds of thread leave open
  on(event: 'message' | 'error' | 'exit', listener: (value: any) => void): unknown
  terminate(): unknown
}

/** Does the work of a thread; `serveThread` of `threads.ts`. */
export type ServeThread = (port: MessagePort, options: ThreadOptions) => void

export interface ThreadPlace {
  /** URL of the driver. */
  readonly from: string
  /** Does the work in this thread, in place of one of its own. */
  readonly serve?: ServeThread | undefined
}

/** One of the two threads of a log. It does not keep the process alive. */
export function startThread({ from, serve }: ThreadPlace, options: ThreadOptions): LogThread {
  if (serve) return serveHere(serve, options)
  const url = workerUrl(from)
  const isSource = url.pathname.endsWith('.ts')
  const worker = new Worker(url, {
    workerData: options,
    name: `log-${options.logThread}`,
    // Nothing of the process's own switches or environment concerns it.
    execArgv: [...(isSource ? ['-C', 'dragoman-source'] : []), '--disable-warning=ExperimentalWarning'],
    env: {},
  })
  worker.unref()
  return worker
}

function serveHere(serve: ServeThread, options: ThreadOptions): LogThread {
  const { port1, port2 } = new MessageChannel()
  serve(port2, options)
  return Object.assign(port1, {
    terminate() {
      port1.close()
      port2.close()
    },
  })
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The thread that answers questions; started with the first one. */
export class ReadingThread {
  readonly #place: ThreadPlace
  readonly #options: ThreadOptions
  readonly #waiting = new Map<number, Waiting>()
  #worker: LogThread | undefined
  #lastId = 0

  constructor(place: ThreadPlace, options: ThreadOptions) {
    this.#place = place
    this.#options = options
  }

  ask<T>(question: string, ...given: readonly unknown[]): Promise<T> {
    const worker = this.#start()
    return new Promise<unknown>((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      // A question that is awaited does.
      worker.ref()
      worker.postMessage({ id, ask: question, arguments: given } satisfies ReadMessage)
    }) as Promise<T>
  }

  /** The files are others from now on. */
  reopen(): void {
    this.#worker?.postMessage({ id: 0, ask: 'reopen', arguments: [] } satisfies ReadMessage)
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#fail('the log was closed')
    await worker?.terminate()
  }

  #start(): LogThread {
    if (this.#worker) return this.#worker
    const worker = startThread(this.#place, this.#options)
    this.#worker = worker
    worker.on('message', (reply: ReadReply) => this.#take(worker, reply))
    // Its next question starts another one.
    worker.on('error', (error) => this.#end(worker, error.message))
    worker.on('exit', () => this.#end(worker, 'its thread ended'))
    return worker
  }

  #take(worker: LogThread, reply: ReadReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) worker.unref()
    if ('error' in reply) {
      const way = reply.isDamage ? `; stop Dragoman and put ${this.#options.folder} aside to begin anew` : ''
      waiting?.reject(failure(`${reply.error}${way}`))
    } else waiting?.resolve(reply.result)
  }

  #end(worker: LogThread, message: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#fail(message)
  }

  #fail(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(failure(message))
    this.#waiting.clear()
  }
}

export function failure(message: string): DragomanError {
  return new DragomanError('internal', `The log failed: ${message}`)
}
