import type { MessagePort } from 'node:worker_threads'
import { type Batch, countBodies } from './batch-layout.ts'
import type { NamedFacet } from './columns.ts'
import { isDamage, logFolder, mayPass, putAside } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { LogWriter } from './log-writer.ts'
import type { ReadMessage, ReadReply, ThreadOptions, WriteMessage, WriteReply } from './thread-messages.ts'

/** When what could not be written is tried again. */
const AGAIN_MS = 1_000
/** How long after a batch rows are summed up and segments compressed. */
const TIDY_MS = 2_000

/** Works as one of the two threads of a log. */
export function serveThread(port: MessagePort, options: ThreadOptions): void {
  if (options.logThread === 'writes') new WritingThread(port, options).open()
  else serveReads(port, options)
}

/** The thread that writes: one batch after the other, and in between a little of what has time. */
class WritingThread {
  readonly #port: MessagePort
  readonly #options: ThreadOptions
  readonly #names: Record<NamedFacet, string[]> = { model: [], provider: [], client: [], error: [] }
  readonly #waiting: Batch[] = []
  #writer: LogWriter | undefined
  #again: NodeJS.Timeout | undefined
  #tidy: NodeJS.Timeout | undefined
  #trouble: string | undefined
  #keepBytes = Number.POSITIVE_INFINITY
  #now: number

  constructor(port: MessagePort, options: ThreadOptions) {
    this.#port = port
    this.#options = options
    this.#now = options.now
  }

  open(): void {
    try {
      let damaged: string | undefined
      try {
        this.#writer = this.#make()
      } catch (error) {
        if (!isDamage(error)) throw error
        damaged = putAside(logFolder(this.#options.folder), this.#now)
        this.#writer = this.#make()
      }
      this.#say({ kind: 'opened', damaged })
    } catch (error) {
      this.#say({ kind: 'failed', message: messageOf(error) })
      return
    }
    this.#port.on('message', (message: WriteMessage) => this.#take(message))
    this.#tidyLater()
  }

  #make(): LogWriter {
    const { folder, segmentBytes, maxBytes } = this.#options
    return new LogWriter({ folder: logFolder(folder), segmentBytes, maxBytes, names: this.#names })
  }

  #take(message: WriteMessage): void {
    switch (message.kind) {
      case 'batch':
        this.#now = message.batch.now
        for (const [facet, name] of message.batch.names) this.#names[facet].push(name)
        this.#waiting.push(message.batch)
        if (!this.#again) this.#writeWaiting()
        return
      case 'flush':
        this.#writeWaiting()
        this.#say({ kind: 'answer', id: message.id, removed: 0 })
        return
      case 'prune':
        this.#keepBytes = message.keepBytes ?? Number.POSITIVE_INFINITY
        this.#prune(message, 0)
        return
      case 'close':
        this.#writeWaiting()
        for (const batch of this.#waiting.splice(0)) this.#done(batch, batch.count, countBodies(batch))
        clearTimeout(this.#again)
        clearTimeout(this.#tidy)
        this.#writer?.close()
        this.#say({ kind: 'answer', id: message.id, removed: 0 })
        this.#port.close()
    }
  }

  #writeWaiting(): void {
    clearTimeout(this.#again)
    this.#again = undefined
    for (let batch = this.#waiting[0]; batch; batch = this.#waiting[0]) {
      if (!this.#write(batch)) {
        this.#again = setTimeout(() => this.#writeWaiting(), AGAIN_MS)
        return
      }
      this.#waiting.shift()
    }
    this.#tidyLater()
  }

  /** False where it is worth another try. */
  #write(batch: Batch): boolean {
    try {
      this.#done(batch, 0, this.#writeRows(batch))
      return true
    } catch (error) {
      this.#tell(messageOf(error))
      if (isDamage(error)) {
        this.#replace()
        return false
      }
      if (mayPass(error)) return false
      this.#done(batch, batch.count, countBodies(batch))
      return true
    }
  }

  /** How many bodies were lost. */
  #writeRows(batch: Batch): number {
    const writer = this.#writer
    if (!writer) throw new Error('the log is closed')
    try {
      const lost = writer.write(batch)
      this.#tell(undefined)
      return lost
    } catch (error) {
      // What the file system says concerns the bodies: the rows may find room where they do not.
      if (!(error instanceof Error && 'syscall' in error) || countBodies(batch) === 0) throw error
      const lost = writer.write(batch, false)
      this.#tell(`bodies cannot be written: ${error.message}`)
      return lost
    }
  }

  /** The file contradicts itself: what it has is put aside, and a new one begun. */
  #replace(): void {
    this.#writer?.close()
    this.#writer = undefined
    try {
      this.#say({ kind: 'damaged', path: putAside(logFolder(this.#options.folder), this.#now) })
      this.#writer = this.#make()
    } catch (error) {
      this.#tell(messageOf(error))
    }
  }

  #done(batch: Batch, lostEntries: number, lostBodies: number): void {
    const { bytes } = batch
    this.#port.postMessage({ kind: 'done', lostEntries, lostBodies, bytes } satisfies WriteReply, [bytes.buffer])
  }

  /** One step at a time, so that rows which come meanwhile are written in between. */
  #prune(message: Extract<WriteMessage, { kind: 'prune' }>, removedBefore: number): void {
    let removed = removedBefore
    try {
      const step = this.#pruneStep(message)
      removed += step.removed
      if (step.isMore) {
        setImmediate(() => this.#prune(message, removed))
        return
      }
    } catch (error) {
      this.#tell(`what is too old cannot be removed: ${messageOf(error)}`)
    }
    this.#say({ kind: 'answer', id: message.id, removed })
  }

  #pruneStep({ beforeAt, keepBytes }: Extract<WriteMessage, { kind: 'prune' }>): { removed: number; isMore: boolean } {
    const writer = this.#writer
    if (!writer) return { removed: 0, isMore: false }
    // What goes must be in the sums.
    if (this.#sumUp(writer)) return { removed: 0, isMore: true }
    const removed = beforeAt === undefined ? 0 : writer.removeRows(beforeAt)
    if (removed > 0) return { removed, isMore: true }
    const isMore = writer.removeSegment(keepBytes ?? Number.POSITIVE_INFINITY) || writer.removeBodyRows()
    return { removed: 0, isMore: isMore || writer.compressSome() }
  }

  #sumUp(writer: LogWriter): boolean {
    try {
      return writer.sumUp()
    } catch (error) {
      // On a full disk a file of bodies makes room, without any room itself.
      if (mayPass(error)) writer.removeSegment(this.#keepBytes)
      throw error
    }
  }

  #tidyLater(): void {
    this.#tidy ??= setTimeout(() => this.#tidyUp(), TIDY_MS)
  }

  #tidyUp(): void {
    this.#tidy = undefined
    try {
      const writer = this.#writer
      if (!writer || !(writer.sumUp() || writer.compressSome())) return
      this.#tidy = setTimeout(() => this.#tidyUp(), 1)
    } catch {
      // A full or locked disk; the next batch says so, and after it this is tried again.
    }
  }

  #tell(message: string | undefined): void {
    if (message === this.#trouble) return
    this.#trouble = message
    this.#say({ kind: 'trouble', message })
  }

  #say(reply: WriteReply): void {
    this.#port.postMessage(reply)
  }
}

/** The thread that reads: one question after the other. */
function serveReads(port: MessagePort, { folder }: ThreadOptions): void {
  let reader: LogReader | undefined
  port.on('message', ({ id, ask, arguments: given }: ReadMessage) => {
    if (ask === 'close') {
      reader?.close()
      port.close()
      return
    }
    let reply: ReadReply
    try {
      if (ask === 'reopen') {
        reader?.close()
        reader = undefined
        return
      }
      reader ??= new LogReader(logFolder(folder))
      reply = { id, result: answer(reader, ask, given) }
    } catch (error) {
      reply = { id, error: messageOf(error), isDamage: isDamage(error) }
    }
    port.postMessage(reply)
  })
}

function answer(reader: LogReader, ask: string, given: readonly unknown[]): unknown {
  const questions = ['page', 'read', 'body', 'totals', 'suggest', 'stats'] as const
  const question = questions.find((name) => name === ask)
  if (!question) throw new Error(`${ask} is no question to a log`)
  // Both ends are ours: the arguments are those of the method.
  return (reader[question] as (...given: readonly unknown[]) => unknown).apply(reader, given as unknown[])
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}
