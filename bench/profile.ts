// Where the server spends its time, on whole answers of 1 KB or on the streams of a lane:
// `npm run up -- exec node bench/profile.ts [--source] [--top N] [--seconds N] [--streams LANE] [--target NAME]`
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildServer } from './build-server.ts'
import { nowMicros } from './contents.ts'
import { readProfile, type Share } from './cpu-profile.ts'
import { closedLoop, openStreams } from './load.ts'
import { openSession } from './session.ts'
import { endpointOf, isOurServer, lanes, targetNames } from './targets.ts'

const { values } = parseArgs({
  options: {
    source: { type: 'boolean', default: false },
    top: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    streams: { type: 'string' },
    target: { type: 'string', default: 'dragoman' },
  },
})
const streamed = lanes.find((lane) => lane === values.streams)
if (values.streams && !streamed) throw new Error(`--streams ${values.streams}: expected one of ${lanes.join(', ')}`)
const name = targetNames.find((one) => one === values.target)
if (!name || !isOurServer(name)) throw new Error(`--target ${values.target}: expected one of our servers`)

if (!values.source) buildServer()
const folder = mkdtempSync(join(tmpdir(), 'profile-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const session = await openSession({ isSource: values.source })
const target = session.make(name)
const { served } = await session.enter({
  ...target,
  command: (port) => {
    const [node = process.execPath, ...program] = target.command?.(port) ?? []
    return [node, '--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200', ...program]
  },
})
if (!served) throw new Error('The server was not started')

const from = nowMicros()
const endpoint = endpointOf(target, streamed ?? 'relayed', served.port)
const ms = Number(values.seconds) * 1000
const { what, wrong } = streamed ? await streams() : await answers()
const to = nowMicros()
// Node writes the profile when the process ends.
await served.running.stop()

const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
if (!file) throw new Error('Node has written no profile')
const { functions, areas, busyMs } = readProfile(readFileSync(join(folder, file), 'utf8'), from, to)
const list = (shares: readonly Share[]) =>
  shares
    .slice(0, Number(values.top))
    .map(({ name, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n')
process.stdout.write(`${what}, ${wrong.count} wrong, busy for ${Math.round(busyMs)} ms

Functions, each by itself:
${list(functions)}

Areas:
${list(areas)}
`)
process.exit(wrong.count > 0 ? 1 : 0)

async function answers() {
  const { answers, wrong } = await closedLoop(endpoint, { connections: 32, ms, asked: { kib: 1 } })
  return { what: `${answers} answers`, wrong }
}

/** The load of the lines on streams, for as long. */
async function streams() {
  const load = { streams: 400, rampMs: 1000, asked: { chunks: Math.round(ms / 50), chars: 24, everyMs: 50 } }
  const { wrong } = await openStreams(endpoint, load)
  return { what: `${load.streams} streams of ${load.asked.chunks} chunks`, wrong }
}
