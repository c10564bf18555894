// Where the server spends its time on whole answers of 1 KB:
// `npm run up -- exec node bench/profile.ts [--source] [--top N] [--seconds N]`
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildServer } from './build-server.ts'
import { nowMicros } from './contents.ts'
import { readProfile, type Share } from './cpu-profile.ts'
import { closedLoop } from './load.ts'
import { openSession } from './session.ts'
import { endpointOf } from './targets.ts'

const { values } = parseArgs({
  options: {
    source: { type: 'boolean', default: false },
    top: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
  },
})

if (!values.source) buildServer()
const folder = mkdtempSync(join(tmpdir(), 'profile-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const session = await openSession({ isSource: values.source })
const target = session.make('dragoman')
const { served } = await session.enter({
  ...target,
  command: (port) => {
    const [node = process.execPath, ...program] = target.command?.(port) ?? []
    return [node, '--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200', ...program]
  },
})
if (!served) throw new Error('The server was not started')

const from = nowMicros()
const endpoint = endpointOf(target, 'relayed', served.port)
const load = { connections: 32, ms: Number(values.seconds) * 1000, asked: { kib: 1 } }
const { answers, wrong } = await closedLoop(endpoint, load)
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
process.stdout.write(`${answers} answers, ${wrong.count} wrong, busy for ${Math.round(busyMs)} ms

Functions, each by itself:
${list(functions)}

Areas:
${list(areas)}
`)
process.exit(wrong.count > 0 ? 1 : 0)
