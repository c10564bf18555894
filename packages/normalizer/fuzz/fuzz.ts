// node -C dragoman-source packages/normalizer/fuzz/fuzz.ts --seconds 60 --seed 1 --format kimi_k2
//
// Texts shuffled from the markers of all families, in random pieces, against every law of src/markup-laws.ts. Prints each
// failing text as short as it can be made, and exits with 1. Without --format all formats take turns. `--large 100` reads
// unterminated markup of so many megabytes instead, and prints what that took.

import { parseArgs } from 'node:util'
import { casesByFormat } from '../cases/by-format.ts'
import { booking, clock, weather, writer } from '../cases/tools.ts'
import { lookup, typed } from '../cases/typed-tools.ts'
import { formatByName, formatNames } from '../src/format-by-name.ts'
import { textShuffler } from '../src/fragments.ts'
import type { EndedHow } from '../src/markup-event.ts'
import type { MarkupFormat } from '../src/markup-format.ts'
import { brokenLaw, type Subject } from '../src/markup-laws.ts'
import { createMarkupParser } from '../src/markup-machine.ts'
import { randomFrom } from '../src/text-cuts.ts'
import { toolNameByArguments } from '../src/tool-names.ts'
import { shortestClosing } from '../src/truncated.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    format: { type: 'string' },
    failures: { type: 'string', default: '5' },
    large: { type: 'string' },
  },
})

const tools = [weather, clock, writer, booking, lookup, typed]
const texts = (name: string) => (casesByFormat[name] ?? []).map(({ text }) => text)
const allTexts = Object.keys(casesByFormat).flatMap(texts)
const formats = (values.format ? [values.format] : formatNames).map((name) => {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)
  return { format, shuffled: textShuffler(texts(name), allTexts) }
})

process.exitCode = values.large ? readLarge(Number(values.large)) : fuzz()

function fuzz(): number {
  const until = performance.now() + Number(values.seconds) * 1000
  const wanted = Number(values.failures)
  let failures = 0
  let runs = 0
  let characters = 0
  for (let seed = Number(values.seed); performance.now() < until && failures < wanted; seed++) {
    for (const { format, shuffled } of formats) {
      const subject = subjectOf(format, shuffled, seed)
      runs++
      characters += subject.text.length
      if (brokenLaw(subject) === undefined) continue
      failures++
      report(minimised(subject))
    }
  }
  console.log(`${runs} texts, ${characters} characters, ${formats.length} formats, ${failures} failures`)
  return failures > 0 ? 1 : 0
}

function subjectOf(format: MarkupFormat, shuffled: ReturnType<typeof textShuffler>, seed: number): Subject {
  const random = randomFrom(seed)
  const oneOf = <T>(list: readonly T[], otherwise: T): T => list[Math.floor(random() * list.length)] ?? otherwise
  return {
    options: {
      format,
      startsIn: oneOf<'text' | 'reasoning' | 'auto'>(['text', 'text', 'reasoning', 'auto'], 'text'),
      tools: oneOf<readonly (typeof weather)[] | undefined>([tools, tools, tools, [], undefined], tools),
      maxHeld: oneOf<number | undefined>([undefined, undefined, 30, 100], undefined),
      maxDepth: oneOf<number | undefined>([undefined, undefined, 3], undefined),
      repairTruncated: random() < 0.2 ? shortestClosing : undefined,
      repairToolNames: random() < 0.2 ? toolNameByArguments : undefined,
      toolCallIds: random() < 0.1 ? 'index' : 'verbatim',
    },
    text: shuffled(seed, 1 + Math.floor(2 ** (random() * 4))),
    how: oneOf<EndedHow>(['stop', 'length', 'cut'], 'stop'),
    seed,
  }
}

/** Leaves out ever smaller parts of the text as long as a law stays broken. */
function minimised(subject: Subject): Subject {
  let { text } = subject
  for (let size = Math.ceil(text.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < text.length; ) {
      const shorter = text.slice(0, at) + text.slice(at + size)
      if (brokenLaw({ ...subject, text: shorter }) === undefined) at += size
      else text = shorter
    }
  }
  return { ...subject, text }
}

function report(subject: Subject): void {
  const { format, tools: given, ...options } = subject.options
  console.log(`\n${format.name}, seed ${subject.seed}, how ${subject.how}, tools ${given ? given.length : 'unknown'}`)
  console.log(`options ${JSON.stringify(options)}`)
  console.log(`text ${JSON.stringify(subject.text)}`)
  console.log(brokenLaw(subject))
}

/**
 * So many megabytes behind each opener of each format, and behind each case that is cut inside a call. Prints the worst of
 * each format; returns the exit code.
 */
function readLarge(megabytes: number): number {
  for (const { format } of formats) {
    const openers = (format.openers ?? []).map(({ text }) => `So.\n${text}`)
    const cut = (casesByFormat[format.name] ?? []).filter(({ calls }) =>
      calls?.some(({ state }) => state === 'incomplete'),
    )
    let heap = 0
    let slowest = Number.POSITIVE_INFINITY
    let held = 0
    for (const begun of [...openers, ...cut.map(({ text }) => text)]) {
      for (const unit of ['all work and no play ', '{"a":[', '<a', '\\"']) {
        const figures = readEndless(format, begun, unit.repeat(Math.ceil(65_536 / unit.length)), megabytes * 1e6)
        heap = Math.max(heap, figures.heap)
        slowest = Math.min(slowest, figures.rate)
        held = Math.max(held, figures.held)
      }
    }
    const cells = [
      `heap ${(heap / 1e6).toFixed(0)} MB`,
      `${slowest.toFixed(0)} MB/s`,
      `${(held / 1e3).toFixed(0)} K held`,
    ]
    console.log(`${format.name}: ${cells.join(', ')}`)
  }
  return 0
}

function readEndless(format: MarkupFormat, begun: string, chunk: string, length: number) {
  const parser = createMarkupParser({ format, tools })
  const start = performance.now()
  let out = 0
  let given = begun.length
  let heap = 0
  let held = 0
  const take = (events: ReturnType<typeof parser.push>) => {
    for (const event of events) if ('text' in event) out += event.text.length
  }
  take(parser.push(begun))
  while (given < length) {
    take(parser.push(chunk))
    given += chunk.length
    held = Math.max(held, given - out)
    if ((given / chunk.length) % 16 < 1) heap = Math.max(heap, process.memoryUsage().heapUsed)
  }
  take(parser.end('cut'))
  return { heap, held, rate: given / 1e3 / (performance.now() - start) }
}
