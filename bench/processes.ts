// Starts programs on a core of their own, looks at what they use (Linux: /proc), and ends them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'

export interface Running {
  readonly pid: number
  /** Once the program has ended; whether asked to or not. */
  readonly hasEnded: () => boolean
  /** The last lines it has written. */
  readonly tail: () => string
  /** Empties its log, so that a long run does not fill the disk. */
  readonly emptyLog: () => void
  stop(): Promise<void>
}

export interface How {
  /** The core to run on; undefined: any. */
  readonly core: number | undefined
  /** What it writes goes into this file. */
  readonly log: string
  readonly cwd: string
}

const PATIENCE_MS = 3000
const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

export function start(command: readonly string[], { core, log, cwd }: How): Running {
  const [file = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command]
  const output = openSync(log, 'a')
  // Nothing of the operator's surroundings: neither his keys nor options for Node.
  const { PATH, HOME } = process.env
  const child = spawn(file, args, { cwd, env: { PATH, HOME }, stdio: ['ignore', output, output] })
  running.add(child)
  let error: string | undefined
  child.on('error', ({ message }) => (error = message))
  child.on('close', () => running.delete(child))
  const hasEnded = () => error !== undefined || child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    hasEnded,
    tail: () => error ?? readFileSync(log, 'utf8').trimEnd().slice(-500),
    emptyLog: () => ftruncateSync(output),
    async stop() {
      if (!hasEnded()) {
        const closed = once(child, 'close')
        child.kill('SIGTERM')
        const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
        await closed
        clearTimeout(impatience)
      }
      closeSync(output)
    },
  }
}

/** Cores for what is measured and for everything else; undefined where they cannot be told apart. */
export interface Cores {
  readonly target: number
  readonly load: number
}

/** Keeps this process, with all its threads, to the second core. */
export function takeCores(): Cores | undefined {
  if (availableParallelism() < 2) return undefined
  const pinned = spawnSync('taskset', ['-acp', '1', String(process.pid)], { stdio: 'ignore' })
  return pinned.status === 0 ? { target: 0, load: 1 } : undefined
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

/** Time on a core of all threads of a process and of its children, in microseconds. */
export function cpuMicros(pid: number): number {
  let nanos = 0
  for (const member of family(pid)) {
    for (const task of tasks(member)) {
      nanos += Number(read(`/proc/${member}/task/${task}/schedstat`).split(' ')[0])
    }
  }
  return nanos / 1000
}

/** Resident memory of a process and its children. */
export function rssMiB(pid: number): number {
  const kib = family(pid).map((member) => Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${member}/status`))?.[1] ?? 0))
  return kib.reduce((sum, one) => sum + one, 0) / 1024
}

function family(pid: number): number[] {
  const members = [pid]
  for (const member of members) {
    for (const task of tasks(member)) {
      const children = read(`/proc/${member}/task/${task}/children`).trim()
      if (children) members.push(...children.split(' ').map(Number))
    }
  }
  return members
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it has just ended
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // the thread has just ended
  }
}
