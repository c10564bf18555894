// What a text that never closes costs, for every format: node -C dragoman-source packages/normalizer/bench/linear-time.ts
import { casesByFormat } from '../cases/by-format.ts'
import { clock, weather, writer } from '../cases/tools.ts'
import { formatByName, formatNames } from '../src/format-by-name.ts'
import { createMarkupParser, type MarkupParserOptions } from '../src/markup-machine.ts'

const tools = [weather, clock, writer]
const UNITS = ['all work ', '{"a":[', '<a', '\\"', '```\n']
const SHORT = 2_500
const FACTOR = 8
/** A text of `FACTOR` times the length takes that much longer where time is linear, its square where it is quadratic. */
const LIMIT = FACTOR * 3.5

let isLinear = true
for (const name of formatNames) {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)
  const cut = (casesByFormat[name] ?? []).filter(({ calls }) => calls?.some(({ state }) => state === 'incomplete'))
  const openers = [...(format.openers ?? []).map(({ text }) => `So.\n${text}`), 'So. ', '<think>']
  let worst = { ratio: 0, what: '' }
  for (const start of [...sample(openers, 4), ...sample(cut, 6).map(({ text }) => text)]) {
    for (const unit of UNITS) {
      for (const isWhole of [true, false]) {
        const ratio = leastRatio({ format, tools }, start, unit, isWhole)
        const what = `${JSON.stringify(start)}, then ${JSON.stringify(unit)}, ${isWhole ? 'whole' : 'in characters'}`
        if (ratio > worst.ratio) worst = { ratio, what }
      }
    }
  }
  const verdict = worst.ratio < LIMIT ? 'ok' : 'NOT LINEAR'
  if (worst.ratio >= LIMIT) isLinear = false
  console.log(
    `${name.padEnd(16)} ${worst.ratio.toFixed(1).padStart(5)} times for ${FACTOR} times the text  ${verdict}  ${worst.what}`,
  )
}
process.exitCode = isLinear ? 0 : 1

/** A busy machine makes single measurements long, never short: the least of several is taken, and only if need be more. */
function leastRatio(options: MarkupParserOptions, start: string, unit: string, isWhole: boolean): number {
  let short = Number.POSITIVE_INFINITY
  let long = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 12; attempt++) {
    short = Math.min(short, timeOf(options, start, unit, SHORT, isWhole))
    long = Math.min(long, timeOf(options, start, unit, SHORT * FACTOR, isWhole))
    if (long / short < LIMIT) break
  }
  return long / short
}

function timeOf(options: MarkupParserOptions, start: string, unit: string, length: number, isWhole: boolean): number {
  const text = start + unit.repeat(length / unit.length)
  const pieces = isWhole ? [text] : text.split('')
  const parser = createMarkupParser(options)
  const began = performance.now()
  for (const piece of pieces) parser.push(piece)
  parser.end('cut')
  return performance.now() - began
}

function sample<T>(list: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, Math.floor(list.length / count))
  return list.filter((_, index) => index % step === 0).slice(0, count)
}
