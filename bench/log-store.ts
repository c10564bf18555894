// What the record of requests costs and how quickly it answers: a log of --rows entries beside one of a tenth of them.
// `node -C dragoman-source --disable-warning=ExperimentalWarning bench/log-store.ts [--rows 1000000] [--tries 15]`
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { LogDetails, LogEntry, LogFilter, LogStore, TotalsQuery } from '../packages/core/src/index.ts'
import { sqliteLog } from '../packages/store/src/drivers/sqlite-log.ts'
import { logFolder } from '../packages/store/src/log/layout.ts'
import { LogWriter } from '../packages/store/src/log/log-writer.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, tries: { type: 'string', default: '15' } },
})
const ROWS = Number(values.rows)
const TRIES = Number(values.tries)
const DAY_MS = 86_400_000
const PERIOD_MS = 30 * DAY_MS
const now = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'dragoman-bench-log-'))

let seed = 1
function random(): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
  return seed / 0x7fffffff
}
/** Of `count`, the first ones much more often. */
function skewed(count: number): number {
  return Math.floor(random() ** 2 * count)
}
const statuses = [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 429, 400, 500, 502, 504, 499, 404]
const vocabulary = Array.from({ length: 20_000 }, () =>
  Array.from({ length: 2 + Math.floor(random() * 9) }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join(
    '',
  ),
)
function text(words: number): string {
  return Array.from({ length: words }, () => vocabulary[Math.floor(random() ** 3 * vocabulary.length)]).join(' ')
}

function entryOf(at: number, id: number): LogEntry {
  const model = skewed(40)
  const provider = `provider-${(model + (random() < 0.2 ? 1 : 0)) % 12}`
  const status = statuses[Math.floor(random() * statuses.length)] ?? 200
  const usage = { prompt_tokens: 100 + (id % 900), completion_tokens: 20 + (id % 500), total_tokens: 120 + (id % 1400) }
  const durationMs = 200 + random() * 8_000
  const error = status < 400 ? undefined : ({ code: 'upstream_unavailable', message: `it said ${status}` } as const)
  const attempt = {
    provider,
    model: `m-${model}`,
    startedAt: at,
    durationMs,
    upstreamStatus: status,
    relayed: true,
    error,
  }
  return {
    id: `req_${id.toString(36).padStart(12, '0')}`,
    startedAt: at,
    durationMs,
    dialect: 'openai-chat',
    client: `key-${skewed(30)}`,
    model: `model-${model}`,
    streamed: id % 4 > 0,
    status,
    error,
    attempts: [{ ...attempt, credential: 'sk-…1234', usage, cost: 0.001 }],
    firstTokenMs: durationMs / 4,
    finishReason: 'stop',
    usage,
    cost: 0.001,
    dropped: [],
  }
}

function bodiesOf(i: number): LogDetails {
  const answer = `data: {"choices":[{"delta":{"content":"${i} ${'x'.repeat(60)}"}}]}\n\n`
  const stream = {
    pieces: Array.from({ length: 16 }, () => answer),
    atMs: Array.from({ length: 16 }, (_, n) => n * 20),
  }
  const request = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: `${i} ${'word '.repeat(180)}` }] })
  return {
    bodies: {
      'client-request': request,
      'client-response': stream,
      'upstream-request': request,
      'upstream-response': stream,
    },
    text: { user: text(30), answer: text(60) },
  }
}

interface Cost {
  readonly perSecond: number
  readonly mainMicros: number
  readonly allMicros: number
}

/** Makes entries in pieces, so that only the log's part of the time counts. */
async function fill(log: LogStore, rows: number, period: number, detailsOf?: (i: number) => LogDetails): Promise<Cost> {
  let [wall, main, all] = [0, 0, 0]
  for (let made = 0; made < rows; ) {
    const entries: LogEntry[] = []
    const details: (LogDetails | undefined)[] = []
    for (; entries.length < 2_000 && made < rows; made++) {
      entries.push(entryOf(now - period + Math.floor((made / rows) * period), made))
      details.push(detailsOf?.(made))
    }
    const before = { wall: performance.now(), main: process.threadCpuUsage(), all: process.cpuUsage() }
    for (const [i, entry] of entries.entries()) log.append(entry, details[i])
    const thread = process.threadCpuUsage(before.main)
    main += thread.user + thread.system
    await log.flush()
    const used = process.cpuUsage(before.all)
    all += used.user + used.system
    wall += performance.now() - before.wall
  }
  return { perSecond: (rows / wall) * 1_000, mainMicros: main / rows, allMicros: all / rows }
}

const half: LogFilter = { from: now - PERIOD_MS / 2, to: now - PERIOD_MS / 4 }
const pick = {
  model: () => ({ model: `model-${skewed(40)}` }),
  provider: () => ({ provider: `provider-${Math.floor(random() * 12)}` }),
  client: () => ({ client: `key-${skewed(30)}` }),
  status: () => ({ status: statuses[10 + Math.floor(random() * 7)] ?? 500 }),
} as const
const names = ['model', 'provider', 'client', 'status'] as const

function questions(): Readonly<Record<string, (log: LogStore) => Promise<unknown>>> {
  const list = (filter: () => LogFilter) => (log: LogStore) => log.list({ limit: 50, filter: filter() })
  const search = (words: () => string, filter: LogFilter = {}) => {
    return (log: LogStore) => log.search({ text: words(), limit: 50, filter })
  }
  const total = (query: TotalsQuery) => (log: LogStore) => log.totals(query)
  const found: Record<string, (log: LogStore) => Promise<unknown>> = { 'first page': list(() => ({})) }
  for (const [i, one] of names.entries()) {
    found[one] = list(pick[one])
    found[`${one}, time`] = list(() => ({ ...pick[one](), ...half }))
    for (const other of names.slice(i + 1)) {
      found[`${one} + ${other}`] = list(() => ({ ...pick[one](), ...pick[other]() }))
      found[`${one} + ${other}, time`] = list(() => ({ ...pick[one](), ...pick[other](), ...half }))
    }
  }
  found.time = list(() => half)
  found['no such pair'] = list(() => ({ model: 'model-39', client: 'key-29', status: 404 }))
  found['cost over'] = list(() => ({ minCost: 1 }))
  found['frequent word'] = search(() => vocabulary[Math.floor(random() * 20)] ?? 'a')
  found['rare word'] = search(() => vocabulary[19_000 + Math.floor(random() * 900)] ?? 'a')
  found['unknown word'] = search(() => 'nowhere0')
  found['two words'] = search(() => `${vocabulary[3]} ${vocabulary[200 + Math.floor(random() * 200)]} `)
  found.phrase = search(() => `"${vocabulary[3]} ${vocabulary[5]}"`)
  found.prefix = search(() => (vocabulary[Math.floor(random() * 5_000)] ?? 'abc').slice(0, 2))
  found['word, model, time'] = search(() => `${vocabulary[50]} model:model-2`, half)
  found.signs = search(() => '%%%%%%')
  found.totals = total({})
  found['totals by hour, a day'] = total({ by: 'hour', from: now - DAY_MS })
  found['totals by day'] = total({ by: 'day' })
  found['totals by model'] = total({ by: 'model' })
  found['totals by key of a model'] = total({ by: 'client', model: 'model-1' })
  found['totals of errors by provider, half'] = total({ by: 'provider', outcome: 'error', ...half })
  found['entry by id'] = (log) =>
    log.read(
      `req_${Math.floor((random() * ROWS) / 10)
        .toString(36)
        .padStart(12, '0')}`,
    )
  return found
}

async function medianMs(log: LogStore, ask: (log: LogStore) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < TRIES; i++) {
    const begun = performance.now()
    await ask(log)
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[TRIES >> 1] ?? 0
}

function costLine(what: string, { perSecond, mainMicros, allMicros }: Cost): string {
  return `| ${what} | ${Math.round(perSecond)} | ${mainMicros.toFixed(1)} µs | ${allMicros.toFixed(1)} µs |`
}

async function ingest(): Promise<void> {
  console.log('| written | per second | main thread | all threads |\n|---|--:|--:|--:|')
  for (const [what, rows, detailsOf] of [
    ['metadata', 50_000, undefined],
    ['full bodies, 6 KB', 10_000, bodiesOf],
  ] as const) {
    const log = sqliteLog({ folder: join(folder, what) })
    await log.opened
    await fill(log, 2_000, DAY_MS, detailsOf)
    console.log(costLine(what, await fill(log, rows, DAY_MS, detailsOf)))
    const { dropped } = await log.stats()
    if (dropped.entries + dropped.bodies > 0) console.log('dropped', dropped)
    await log.close()
  }
}

async function compare(): Promise<void> {
  const logs: LogStore[] = []
  for (const rows of [ROWS / 10, ROWS]) {
    const log = sqliteLog({ folder: join(folder, `rows-${rows}`), keepMs: 100 * DAY_MS })
    await log.opened
    const cost = await fill(log, rows, PERIOD_MS, () => ({ text: { user: text(6), answer: text(12) } }))
    console.log(costLine(`${rows} rows with words`, cost))
    // Sums and columns as they are after a while.
    await log.prune({})
    console.log(`${rows} rows: ${((await log.stats()).bytes / 1e6).toFixed(0)} MB`)
    logs.push(log)
  }
  const [small, large] = logs
  if (!small || !large) return
  console.log(`\n| median of ${TRIES} | ${ROWS / 10} rows | ${ROWS} rows | ratio |\n|---|--:|--:|--:|`)
  for (const [what, ask] of Object.entries(questions())) {
    await Promise.all([ask(small), ask(large)])
    const [few, many] = [await medianMs(small, ask), await medianMs(large, ask)]
    console.log(`| ${what} | ${few.toFixed(2)} ms | ${many.toFixed(2)} ms | ${(many / few).toFixed(1)} |`)
  }
  await Promise.all(logs.map((log) => log.close()))
}

/** How long each step of removing holds the file: nothing can be written meanwhile. */
async function retention(): Promise<void> {
  const place = join(folder, 'retention')
  const segmentBytes = 32 * 1024 * 1024
  const log = sqliteLog({ folder: place, segmentBytes })
  await fill(log, 25_000, DAY_MS, bodiesOf)
  await log.close()
  const writer = new LogWriter({
    folder: logFolder(place),
    segmentBytes,
    names: { model: [], provider: [], client: [], error: [] },
  })
  while (writer.sumUp());
  const times: number[] = []
  const timed = <T>(step: () => T): T => {
    const begun = performance.now()
    const result = step()
    times.push(performance.now() - begun)
    return result
  }
  while (timed(() => writer.removeRows(now + DAY_MS)) > 0);
  while (timed(() => writer.removeSegment(0) || writer.removeBodyRows()));
  writer.close()
  times.sort((a, b) => a - b)
  const longest = times.at(-1)?.toFixed(1)
  console.log(`\n100,000 bodies removed in ${times.length} steps, the longest ${longest} ms`)
}

try {
  await ingest()
  await compare()
  await retention()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
