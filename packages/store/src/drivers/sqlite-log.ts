import { resolve } from 'node:path'
import {
  type BodyKind,
  bodyKinds,
  type Clock,
  type KeptBody,
  type LogDetails,
  type LogEntry,
  type LogFilter,
  type LoggedBody,
  type LoggedRequest,
  type LogPage,
  type LogQuery,
  type LogStats,
  type LogStore,
  type SuggestedField,
  systemClock,
  type TotalsQuery,
  type UsageTotals,
} from '@dragoman/core'
import { BatchWriter, sizeOf } from '../log/batch.ts'
import type { FoundPage, FoundRequest, Numbered, StoredStats } from '../log/log-reader.ts'
import {
  failure,
  type LogThread,
  ReadingThread,
  type ServeThread,
  startThread,
  type ThreadPlace,
} from '../log/log-thread.ts'
import { Subscribers } from '../log/subscribers.ts'
import type { ThreadOptions, WriteMessage, WriteReply } from '../log/thread-messages.ts'

export interface SqliteLogOptions {
  /** Holds everything of the log. It is created where there is none; nobody but its owner may read it. */
  readonly folder: string
  readonly clock?: Clock | undefined
  /** Entries older than this are removed, in milliseconds. Default 30 days. */
  readonly keepMs?: number | undefined
  /** Bodies, as they lie on the disk, beyond this are removed, the oldest first. Default 5 GB. */
  readonly keepBytes?: number | undefined
  /** What is kept of one body. Default 4 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** What may wait to be written: bodies that would be more are dropped. Default 64 MiB. */
  readonly maxWaitingBytes?: number | undefined
  /** Entries that may wait to be written; more are dropped. Default 50,000. */
  readonly maxWaiting?: number | undefined
  /** Size at which a file of bodies is followed by another one of the same day. Default 256 MiB. */
  readonly segmentBytes?: number | undefined
  /** What `log.db` may grow to: beyond it entries are counted as lost until there is room. Default no bound. */
  readonly maxBytes?: number | undefined
  /** In place of threads of its own, in this one: for tests, which start many logs. */
  readonly serve?: ServeThread | undefined
  /** Told when something cannot be written, and with undefined when it can again. */
  readonly onTrouble?: ((message: string | undefined) => void) | undefined
}

export interface SqliteLog extends LogStore {
  /** Resolves when the files are open, and says where damaged ones were put. Rejects where they cannot be used. */
  readonly opened: Promise<{ readonly damaged?: string | undefined }>
}

const DAY_MS = 86_400_000
/** How long an entry waits at most before it is on its way: what a kill may take with it. */
const BATCH_MS = 200
const BATCH_BYTES = 256 * 1024
const BATCH_ROWS = 512
/** What is too old is looked for so often. */
const PRUNE_MS = 60_000
/** Pieces of memory that wait to be used again, and how large such a piece may be. */
const SPARE_PIECES = 4
const SPARE_BYTES = 1024 * 1024
const EXPORTED_AT_ONCE = 500

/**
 * The record of all requests in files of one folder: rows in SQLite, bodies in files of a day. It returns at once, and
 * its files may be slow, locked, full or damaged without a request noticing: two threads of its own work on them.
 */
export function sqliteLog(options: SqliteLogOptions): SqliteLog {
  return new ThreadedLog(options)
}

class ThreadedLog implements SqliteLog {
  readonly opened: Promise<{ readonly damaged?: string | undefined }>
  readonly #options: SqliteLogOptions
  readonly #clock: Clock
  readonly #maxWaiting: number
  readonly #maxWaitingBytes: number
  readonly #batch: BatchWriter
  readonly #writes: LogThread
  readonly #reads: ReadingThread
  readonly #subscribers = new Subscribers()
  readonly #answers = new Map<number, (removed: number) => void>()
  readonly #spare: Uint8Array<ArrayBuffer>[] = []
  /** Entries and bytes of batches that were sent and are not done with. */
  readonly #sent: { readonly entries: number; readonly bytes: number }[] = []
  #sentEntries = 0
  #sentBytes = 0
  #lostEntries = 0
  #lostBodies = 0
  #trouble: string | undefined
  #damaged: string | undefined
  /** Why nothing can be written ever again. */
  #ended: string | undefined
  #lastId = 0
  #cancelBatch: (() => void) | undefined
  #cancelPrune: (() => void) | undefined

  constructor(options: SqliteLogOptions) {
    const { clock = systemClock, maxBodyBytes = 4 * 1024 * 1024, segmentBytes = 256 * 1024 * 1024 } = options
    this.#options = options
    this.#clock = clock
    this.#maxWaiting = options.maxWaiting ?? 50_000
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 64 * 1024 * 1024
    this.#batch = new BatchWriter({ maxBodyBytes })
    const folder = resolve(options.folder)
    const thread = { folder, segmentBytes, maxBytes: options.maxBytes, now: clock.now() }
    const place: ThreadPlace = { from: import.meta.url, serve: options.serve }
    this.#reads = new ReadingThread(place, { ...thread, logThread: 'reads' } satisfies ThreadOptions)
    this.#writes = startThread(place, { ...thread, logThread: 'writes' })
    const { promise, resolve: isOpen, reject } = Promise.withResolvers<{ damaged?: string | undefined }>()
    this.opened = promise
    // Who does not ask learns it from `stats`.
    promise.catch(() => {})
    this.#writes.ref()
    this.#writes.on('message', (reply: WriteReply) => {
      if (reply.kind === 'opened') isOpen(reply.damaged === undefined ? {} : { damaged: reply.damaged })
      if (reply.kind === 'failed') reject(failure(reply.message))
      this.#take(reply)
    })
    this.#writes.on('error', (error) => {
      reject(failure(error.message))
      this.#end(error.message)
    })
    this.#writes.on('exit', () => this.#end('its thread ended'))
    this.#pruneLater()
  }

  append(entry: LogEntry, details?: LogDetails): void {
    this.#subscribers.publish(entry)
    if (this.#ended !== undefined || this.#waiting >= this.#maxWaiting) {
      this.#lose(details)
      return
    }
    const isTooMuch = details && this.#sentBytes + this.#batch.used + sizeOf(details) > this.#maxWaitingBytes
    if (isTooMuch) this.#loseBodies(details)
    try {
      this.#batch.add(entry, JSON.stringify(entry), isTooMuch ? undefined : details)
    } catch {
      // An entry that is no JSON is a mistake of ours; it must not become one of a request.
      this.#lose(details)
      return
    }
    if (this.#batch.used >= BATCH_BYTES || this.#batch.count >= BATCH_ROWS) this.#send()
    else this.#cancelBatch ??= this.#clock.schedule(() => this.#send(), BATCH_MS)
  }

  list(query: LogQuery): Promise<LogPage> {
    return this.#page(query, undefined)
  }

  search({ text, ...query }: LogQuery & { readonly text: string }): Promise<LogPage> {
    return this.#page(query, text.trim() === '' ? undefined : text)
  }

  async read(id: string): Promise<LoggedRequest | undefined> {
    const found = await this.#ask<FoundRequest | undefined>('read', id)
    return found && { entry: JSON.parse(found.line), bodies: found.bodies.map(named) }
  }

  async body(id: string, kind: BodyKind): Promise<LoggedBody | undefined> {
    const found = await this.#ask<Numbered<LoggedBody> | undefined>('body', id, bodyKinds.indexOf(kind))
    return found && named(found)
  }

  totals(query: TotalsQuery): Promise<readonly UsageTotals[]> {
    return this.#ask('totals', query)
  }

  suggest(field: SuggestedField, prefix: string, limit: number): Promise<readonly string[]> {
    return this.#ask('suggest', field, prefix, limit)
  }

  subscribe(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogEntry> {
    return this.#subscribers.subscribe(filter, signal)
  }

  async stats(): Promise<LogStats> {
    // What is wrong has to be told, above all where nothing can be read.
    const stored = await this.#ask<StoredStats>('stats').catch((error: Error) => ({
      entries: 0,
      bytes: 0,
      bodyBytes: 0,
      trouble: this.#trouble ?? error.message,
    }))
    const own = {
      dropped: { entries: this.#lostEntries, bodies: this.#lostBodies },
      waiting: this.#waiting,
      trouble: this.#trouble,
      damaged: this.#damaged,
    }
    return { ...own, ...stored }
  }

  prune({ beforeAt, keepBytes }: { readonly beforeAt?: number; readonly keepBytes?: number }): Promise<number> {
    this.#send()
    return this.#tell({
      kind: 'prune',
      id: ++this.#lastId,
      ...(beforeAt === undefined ? {} : { beforeAt }),
      ...(keepBytes === undefined ? {} : { keepBytes }),
    })
  }

  async *export(filter: LogFilter = {}): AsyncIterable<string> {
    let before: string | undefined
    do {
      const page: FoundPage = await this.#ask('page', { filter, before, limit: EXPORTED_AT_ONCE })
      for (const line of page.lines) yield `${line}\n`
      before = page.next
    } while (before !== undefined)
  }

  async flush(): Promise<void> {
    this.#send()
    await this.#tell({ kind: 'flush', id: ++this.#lastId })
  }

  async close(): Promise<void> {
    this.#cancelPrune?.()
    this.#subscribers.close()
    this.#send()
    if (this.#ended === undefined) await this.#tell({ kind: 'close', id: ++this.#lastId })
    this.#end('it was closed')
    await Promise.all([this.#writes.terminate(), this.#reads.close()])
  }

  get #waiting(): number {
    return this.#sentEntries + this.#batch.count
  }

  async #page({ filter = {}, before, limit }: LogQuery, text: string | undefined): Promise<LogPage> {
    const { lines, ...rest } = await this.#ask<FoundPage>('page', { filter, before, limit, text })
    return { entries: lines.map((line) => JSON.parse(line)), ...rest }
  }

  async #ask<T>(question: string, ...given: readonly unknown[]): Promise<T> {
    await this.opened
    if (this.#ended !== undefined) throw failure(this.#ended)
    return this.#reads.ask<T>(question, ...given)
  }

  #send(): void {
    this.#cancelBatch?.()
    this.#cancelBatch = undefined
    if (this.#batch.count === 0 || this.#ended !== undefined) return
    const batch = this.#batch.take(this.#clock.now(), this.#spare.pop())
    const { count, used, rows, parts, bytes } = batch
    this.#sent.push({ entries: count, bytes: used })
    this.#sentEntries += count
    this.#sentBytes += used
    const message: WriteMessage = { kind: 'batch', batch }
    this.#writes.postMessage(message, [rows.buffer, parts.buffer, bytes.buffer])
  }

  #tell(message: Extract<WriteMessage, { id: number }>): Promise<number> {
    if (this.#ended !== undefined) return Promise.resolve(0)
    return new Promise((resolve) => {
      this.#answers.set(message.id, resolve)
      // Whoever waits for an answer keeps the process alive.
      this.#writes.ref()
      this.#writes.postMessage(message)
    })
  }

  #take(reply: WriteReply): void {
    switch (reply.kind) {
      case 'opened':
        this.#damaged = reply.damaged
        if (this.#answers.size === 0) this.#writes.unref()
        return
      case 'failed':
        this.#end(reply.message)
        this.#writes.unref()
        return
      case 'done': {
        const done = this.#sent.shift()
        this.#sentEntries -= done?.entries ?? 0
        this.#sentBytes -= done?.bytes ?? 0
        this.#lostEntries += reply.lostEntries
        this.#lostBodies += reply.lostBodies
        if (this.#spare.length < SPARE_PIECES && reply.bytes.length <= SPARE_BYTES) this.#spare.push(reply.bytes)
        return
      }
      case 'trouble':
        this.#trouble = reply.message
        this.#options.onTrouble?.(reply.message)
        return
      case 'damaged':
        this.#damaged = reply.path
        this.#options.onTrouble?.(`the log was damaged; it was put aside as ${reply.path}, and a new one begun`)
        this.#reads.reopen()
        return
      case 'answer':
        this.#answers.get(reply.id)?.(reply.removed)
        this.#answers.delete(reply.id)
        if (this.#answers.size === 0) this.#writes.unref()
    }
  }

  /** Nothing can be written from now on: what waits is lost, and who waits for it goes on. */
  #end(message: string): void {
    if (this.#ended !== undefined) return
    this.#ended = message
    this.#cancelBatch?.()
    this.#cancelPrune?.()
    this.#lostEntries += this.#waiting
    this.#sentEntries = 0
    this.#sentBytes = 0
    for (const answer of this.#answers.values()) answer(0)
    this.#answers.clear()
    if (message === 'it was closed') return
    this.#trouble = message
    this.#options.onTrouble?.(message)
  }

  #lose(details: LogDetails | undefined): void {
    this.#lostEntries++
    if (details) this.#loseBodies(details)
  }

  #loseBodies({ bodies = {} }: LogDetails): void {
    for (const body of Object.values(bodies)) if (body !== undefined) this.#lostBodies++
  }

  #pruneLater(): void {
    this.#cancelPrune = this.#clock.schedule(() => {
      const { keepMs = 30 * DAY_MS, keepBytes = 5e9 } = this.#options
      const message: WriteMessage = { kind: 'prune', id: 0, beforeAt: this.#clock.now() - keepMs, keepBytes }
      if (this.#ended === undefined) this.#writes.postMessage(message)
      this.#pruneLater()
    }, PRUNE_MS)
  }
}

function named<T extends KeptBody>(body: Numbered<T>): Omit<T, 'kind'> & { readonly kind: BodyKind } {
  return { ...body, kind: bodyKinds[body.kind] ?? 'client-request' }
}
