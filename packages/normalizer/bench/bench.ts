// node -C dragoman-source packages/normalizer/bench/bench.ts [--rounds 15] [--no-peers]
//
// How fast texts are read, beside what JSON.parse and JSON.stringify of the same frames cost; what doubling a text
// costs; and the same streams through the middlewares of others. Figures are medians of interleaved rounds, in Markdown.

import { parseArgs } from 'node:util'
import { markupMiddleware } from '../src/ai-sdk.ts'
import { hermes } from '../src/formats/hermes.ts'
import { qwen3Coder } from '../src/formats/qwen3-coder.ts'
import { reasoning } from '../src/formats/reasoning.ts'
import type { MarkupFormat } from '../src/markup-format.ts'
import { createMarkupParser } from '../src/markup-machine.ts'
import { loadPeers, type Part } from './peers.ts'
import { chunksOf, DOUBLED, hermesCall, LOADS, prose, qwenCall, reasoned, tools } from './texts.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: { rounds: { type: 'string', default: '15' }, peers: { type: 'boolean', default: true } },
})
const ROUNDS = Number(values.rounds)

/** What the engine must not find out to be of no use. */
let sink = 0

await speed()
await doubling()
if (values.peers) await besideOthers()
if (sink < 0) console.log(sink)

async function speed(): Promise<void> {
  console.log(
    '| text | format | characters per chunk | MB/s | per chunk | of parse + stringify |\n|---|---|--:|--:|--:|--:|',
  )
  for (const { name, format, text, chunk } of LOADS) {
    const chunks = chunksOf(text, chunk)
    const frames = chunks.map(frameOf)
    const [ours = 0, json = 1] = await medians([() => readAll(format, chunks), () => reframe(frames)])
    const rate = (text.length / 1e6 / ours) * 1000
    const cells = [name, format.name, chunk, rate.toFixed(0), `${((ours / chunks.length) * 1000).toFixed(2)} µs`]
    console.log(`| ${cells.join(' | ')} | ${(ours / json).toFixed(2)} |`)
  }
}

/** Over three doublings, for one of them may be the one at which the engine begins to collect garbage. */
async function doubling(): Promise<void> {
  console.log('\n| text | format | whole: cost of doubling | one character per chunk |\n|---|---|--:|--:|')
  for (const { name, format, of } of DOUBLED) {
    const ratios: string[] = []
    for (const chunk of [Number.POSITIVE_INFINITY, 1]) {
      const n = chunk === 1 ? 25_000 : 200_000
      const [short = 1, long = 0] = await medians(
        [n, 8 * n].map((length) => {
          const chunks = chunksOf(of(length), Math.min(chunk, 8 * length))
          return () => readAll(format, chunks)
        }),
      )
      ratios.push(Math.cbrt(long / short).toFixed(2))
    }
    console.log(`| ${name} | ${format.name} | ${ratios.join(' | ')} |`)
  }
}

async function besideOthers(): Promise<void> {
  const declared = tools.map(({ function: { name, parameters } }) => ({
    type: 'function',
    name,
    inputSchema: parameters,
  }))
  const peers = await loadPeers(declared)
  const versions = Object.entries(peers.versions).map(([name, version]) => `${name} ${version}`)
  console.log(`\nBeside ${versions.join(', ')}: the same parts of the AI SDK, through one stream each.\n`)
  console.log(
    '| text | characters | per chunk | no transform | this | the other | other / this |\n|---|--:|--:|--:|--:|--:|--:|',
  )
  const size = 50_000
  const through = (transform: () => ReadableWritablePair<Part, Part>) => (stream: ReadableStream<Part>) =>
    stream.pipeThrough(transform())
  const own = (format: MarkupFormat) => async (stream: ReadableStream<Part>) => wrapped(format, stream, declared)
  const rows = [
    { name: 'content, hermes', text: prose(size), ours: own(hermes), theirs: through(peers.hermes) },
    { name: 'one call, hermes', text: hermesCall(size), ours: own(hermes), theirs: through(peers.hermes) },
    { name: 'content, qwen3_coder', text: prose(size), ours: own(qwen3Coder), theirs: through(peers.qwen3Coder) },
    { name: 'one call, qwen3_coder', text: qwenCall(size), ours: own(qwen3Coder), theirs: through(peers.qwen3Coder) },
    { name: 'content, reasoning', text: prose(size), ours: own(reasoning), theirs: peers.reasoning },
    { name: 'reasoning, then content', text: reasoned(size), ours: own(reasoning), theirs: peers.reasoning },
  ]
  for (const { name, text, ours, theirs } of rows) {
    for (const chunk of [24, 1]) {
      // Some take time by the square of the length.
      const shown = chunk === 1 ? shortened(name, text) : text
      const chunks = chunksOf(shown, chunk)
      const works = [
        () => drain(Promise.resolve(partsOf(chunks).pipeThrough(new TransformStream()))),
        () => drain(ours(partsOf(chunks))),
        () => drain(Promise.resolve(theirs(partsOf(chunks)))),
      ]
      const [floor = 0, mine = 1, other = 0] = await medians(works, Math.min(ROUNDS, 7))
      const cells = [name, shown.length, chunk, ms(floor), ms(mine), ms(other), (other / mine).toFixed(1)]
      console.log(`| ${cells.join(' | ')} |`)
    }
  }
}

function shortened(name: string, text: string): string {
  const length = text.length / 20
  if (name.startsWith('one call, hermes')) return hermesCall(length)
  if (name.startsWith('one call')) return qwenCall(length)
  return name.startsWith('reasoning') ? reasoned(length) : prose(length)
}

function frameOf(content: string): string {
  return JSON.stringify({
    id: 'chatcmpl-0123456789abcdef',
    object: 'chat.completion.chunk',
    created: 1_750_000_000,
    model: 'some-model',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })
}

function reframe(frames: readonly string[]): void {
  for (const frame of frames) sink += JSON.stringify(JSON.parse(frame)).length
}

function readAll(format: MarkupFormat, chunks: readonly string[]): void {
  const parser = createMarkupParser({ format, tools })
  for (const chunk of chunks) sink += parser.push(chunk).length
  sink += parser.end('stop').length
}

function partsOf(chunks: readonly string[]): ReadableStream<Part> {
  let at = -1
  return new ReadableStream<Part>({
    pull(controller) {
      const delta = chunks[at]
      if (at === -1) controller.enqueue({ type: 'text-start', id: 't' })
      else if (delta !== undefined) controller.enqueue({ type: 'text-delta', id: 't', delta })
      else {
        controller.enqueue({ type: 'text-end', id: 't' })
        controller.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: {} })
        controller.close()
      }
      at++
    },
  })
}

async function wrapped(
  format: MarkupFormat,
  stream: ReadableStream<Part>,
  declared: readonly unknown[],
): Promise<ReadableStream<Part>> {
  // The SDK's own types are wider than the parts here.
  const { wrapStream } = markupMiddleware({ format }) as unknown as {
    wrapStream(options: { doStream: () => Promise<{ stream: ReadableStream<Part> }>; params: unknown }): Promise<{
      stream: ReadableStream<Part>
    }>
  }
  return (await wrapStream({ doStream: async () => ({ stream }), params: { prompt: [], tools: declared } })).stream
}

async function drain(stream: Promise<ReadableStream<Part>>): Promise<void> {
  const reader = (await stream).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    sink += value.type.length
  }
}

/** Milliseconds of each, medians of interleaved rounds. */
async function medians(works: readonly (() => unknown)[], rounds = ROUNDS): Promise<number[]> {
  const times: number[][] = works.map(() => [])
  for (let round = -2; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now()
      await work()
      if (round >= 0) times[i]?.push(performance.now() - start)
    }
  }
  return times.map(median)
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
}

function ms(time: number): string {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`
}
