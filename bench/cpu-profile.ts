// Reads what `node --cpu-prof` writes: where a process spent its time, each function by itself.
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface Share {
  readonly name: string
  /** Of the time in which the process was busy, 0 to 1. */
  readonly share: number
}

export interface Spent {
  readonly functions: readonly Share[]
  readonly areas: readonly Share[]
  readonly busyMs: number
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** Microseconds of the monotonic clock. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
  readonly columnNumber: number
}

interface Place {
  readonly url: string
  /** From 1. */
  readonly line: number
}

/** Only what was sampled between the two instants (microseconds of the monotonic clock) counts. */
export function readProfile(text: string, from: number, to: number): Spent {
  const profile: CpuProfile = JSON.parse(text)
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const place = placeFinder()
  const functions = new Map<string, number>()
  const areas = new Map<string, number>()
  let busy = 0
  let at = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    const micros = profile.timeDeltas[i] ?? 0
    at += micros
    const frame = frames.get(id)
    if (!frame || frame.functionName === '(idle)' || at < from || at > to) continue
    const { url, line } = place(frame)
    const name = frame.functionName || '(anonymous)'
    const key = url ? `${name} ${url.split('/').slice(-2).join('/')}:${line}` : name
    functions.set(key, (functions.get(key) ?? 0) + micros)
    const area = areaOf(name, url)
    areas.set(area, (areas.get(area) ?? 0) + micros)
    busy += micros
  }
  const shares = (sums: ReadonlyMap<string, number>) =>
    [...sums].map(([name, micros]) => ({ name, share: micros / busy })).sort((a, b) => b.share - a.share)
  return { functions: shares(functions), areas: shares(areas), busyMs: busy / 1000 }
}

function areaOf(name: string, url: string): string {
  if (name === '(garbage collector)') return 'garbage collector'
  if (!url) return /^write/.test(name) ? 'kernel: write and writev' : 'native'
  const packed = url.split('/node_modules/')
  if (packed.length > 1) return packed.at(-1)?.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? 'npm'
  if (!url.startsWith('node:')) return /\/(?:packages|apps)\/([^/]+)\//.exec(url)?.[1] ?? 'own code'
  return /http/.test(url)
    ? 'node:http'
    : /stream/.test(url)
      ? 'node:stream'
      : /net$|net\//.test(url)
        ? 'node:net'
        : 'node'
}

/** Where a function stands; in a bundle, where it stood before. */
function placeFinder(): (frame: CallFrame) => Place {
  const maps = new Map<string, SourceMap | undefined>()
  return ({ url, lineNumber, columnNumber }) => {
    const asIs = { url, line: lineNumber + 1 }
    if (!url.startsWith('file:')) return asIs
    if (!maps.has(url)) maps.set(url, readSourceMap(`${fileURLToPath(url)}.map`))
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber)
    return entry && 'originalSource' in entry
      ? { url: new URL(entry.originalSource, url).href, line: entry.originalLine + 1 }
      : asIs
  }
}

function readSourceMap(file: string): SourceMap | undefined {
  return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}
