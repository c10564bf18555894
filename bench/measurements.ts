import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from './client-request.ts'
import { closedLoop, openStreams, openUnchecked, type StreamsResult, type Wrong } from './load.ts'
import { cpuMicros, rssMiB } from './processes.ts'
import type { UpstreamStats } from './upstream.ts'

/** What is measured: a target that serves. */
export interface Subject {
  readonly endpoint: Endpoint
  /** Undefined where nothing stands between load and upstream: then there is nothing to look at but the answers. */
  readonly pid: number | undefined
  readonly startMs: number
  readonly upstream: () => Promise<UpstreamStats>
}

export interface Outcome {
  readonly values: Readonly<Record<string, number>>
  readonly wrong: Wrong
}

/** How much of everything. The goals are meant for `FULL`; `QUICK` only shows that all of it runs. */
export interface Scale {
  readonly wholeMs: number
  readonly pacedStreams: number
  readonly pacedChunks: number
  readonly burstChunks: number
  readonly openStreams: number
  readonly stalledMs: number
}

export const FULL: Scale = {
  wholeMs: 2000,
  pacedStreams: 400,
  pacedChunks: 60,
  burstChunks: 800,
  openStreams: 1000,
  stalledMs: 3000,
}

export const QUICK: Scale = {
  wholeMs: 500,
  pacedStreams: 100,
  pacedChunks: 20,
  burstChunks: 200,
  openStreams: 200,
  stalledMs: 2000,
}

export interface Measurement {
  /** Whether each sample needs a process of its own, which has served nothing but its first request. */
  readonly isFresh: boolean
  /** Whether targets that serve in two ways are measured in both. */
  readonly hasLanes: boolean
  run(subject: Subject, scale: Scale): Promise<Outcome>
}

const RIGHT: Wrong = { count: 0, first: undefined }
const SETTLE_MS = 1000
const LEAVING = 50
const STALLED = 20
const STALLED_MIB = 24
// A chunk of 200 characters with its stamp and JSON.
const STALLED_CHUNK_BYTES = 519

export const measurements = {
  'whole-1k': {
    isFresh: false,
    hasLanes: false,
    run: (subject, { wholeMs }) => wholeAnswers(subject, 1, 32, wholeMs),
  },
  'whole-100k': {
    isFresh: false,
    hasLanes: false,
    run: (subject, { wholeMs }) => wholeAnswers(subject, 100, 16, wholeMs),
  },
  // One read and one write for each chunk: the honest price of a chunk.
  paced: {
    isFresh: false,
    hasLanes: true,
    run: (subject, { pacedStreams, pacedChunks }) =>
      streamedAnswers(subject, {
        streams: pacedStreams,
        rampMs: 1000,
        asked: { chunks: pacedChunks, chars: 24, everyMs: 50 },
      }),
  },
  burst: {
    isFresh: false,
    hasLanes: true,
    run: (subject, { burstChunks }) =>
      streamedAnswers(subject, { streams: 64, rampMs: 0, asked: { chunks: burstChunks, chars: 24 } }),
  },
  start: {
    isFresh: true,
    hasLanes: false,
    run: async ({ startMs }) => ({ values: { startMs }, wrong: RIGHT }),
  },
  'open-streams': { isFresh: true, hasLanes: false, run: memoryAndLeaving },
  stalled: { isFresh: true, hasLanes: false, run: stalledReaders },
} satisfies Record<string, Measurement>

export type MeasurementName = keyof typeof measurements

async function wholeAnswers(
  { endpoint, pid }: Subject,
  kib: number,
  connections: number,
  ms: number,
): Promise<Outcome> {
  const before = cpu(pid)
  const { answers, seconds, wrong } = await closedLoop(endpoint, { connections, ms, asked: { kib } })
  return { values: { cpuMicros: (cpu(pid) - before) / answers, perSecond: answers / seconds }, wrong }
}

async function streamedAnswers(
  { endpoint, pid }: Subject,
  load: Parameters<typeof openStreams>[1] & { asked: { chunks: number } },
): Promise<Outcome> {
  const before = cpu(pid)
  const { delaysMicros, wrong } = await openStreams(endpoint, load)
  const cpuPerChunk = (cpu(pid) - before) / (load.streams * load.asked.chunks)
  const sorted = Float64Array.from(delaysMicros).sort()
  const delay = sorted[sorted.length >> 1]
  return { values: { cpuMicros: cpuPerChunk, ...(delay && { delayMicros: delay }) }, wrong }
}

/** A chunk a second in each of many streams, opened within a second; then clients leave in the middle of theirs. */
async function memoryAndLeaving(subject: Subject, scale: Scale): Promise<Outcome> {
  const { endpoint, pid, upstream } = subject
  await sleep(SETTLE_MS)
  const asked = { chunks: 4, chars: 24, everyMs: 1000 }
  let result: StreamsResult | undefined
  const growth = await memoryGrowth(pid, async () => {
    result = await openStreams(endpoint, { streams: scale.openStreams, rampMs: 1000, asked })
  })
  const leaving = openUnchecked(endpoint, { streams: LEAVING, isRead: true, asked: { chunks: 200, everyMs: 50 } })
  await sleep(700)
  const { openStreams: opened, cutStreams: cutBefore } = await upstream()
  for (const socket of leaving) socket.destroy()
  await sleep(800)
  const { cutStreams } = await upstream()
  const all = result?.wrong ?? RIGHT
  const wrong = opened === LEAVING ? all : { count: all.count + 1, first: all.first ?? `${opened} streams opened` }
  return { values: { rssGrowthMiB: growth, cut: cutStreams - cutBefore, peak: result?.peak ?? 0 }, wrong }
}

/** Clients that never read, while the upstream has a lot for each of them. */
async function stalledReaders({ endpoint, pid }: Subject, { stalledMs }: Scale): Promise<Outcome> {
  await sleep(SETTLE_MS)
  const chunks = Math.round((STALLED_MIB * 1024 * 1024) / STALLED_CHUNK_BYTES)
  const growth = await memoryGrowth(pid, async () => {
    const load = { streams: STALLED, isRead: false, asked: { chunks, chars: 200, perWrite: 32 } }
    const sockets = openUnchecked(endpoint, load)
    await sleep(stalledMs)
    for (const socket of sockets) socket.destroy()
  })
  return { values: { rssGrowthMiB: growth }, wrong: RIGHT }
}

/** From before the work to the highest during it. */
async function memoryGrowth(pid: number | undefined, work: () => Promise<void>): Promise<number> {
  const rss = () => (pid === undefined ? 0 : rssMiB(pid))
  const before = rss()
  let highest = before
  const watch = setInterval(() => {
    highest = Math.max(highest, rss())
  }, 100)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return Math.max(highest, rss()) - before
}

function cpu(pid: number | undefined): number {
  return pid === undefined ? 0 : cpuMicros(pid)
}
