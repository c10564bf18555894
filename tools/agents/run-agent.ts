import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startFakeUpstream } from '../../packages/testkit/src/fake-upstream.ts'
import { startForwardProxy } from '../../packages/testkit/src/forward-proxy.ts'
import type { Agent, Program } from './agent.ts'
import { createFakeModel } from './fake-model.ts'
import { type LogLine, startServer } from './server-process.ts'
import { createTask, turnsOfTask } from './task.ts'
import type { Wording } from './wording.ts'

/** What came of one agent over one upstream. */
export interface Outcome {
  readonly problems: readonly string[]
  /** Requests that reached the upstream. */
  readonly requests: number
  /** Hosts beyond loopback that the agent asked for, in vain. */
  readonly refusedHosts: readonly string[]
  /** Whether an answer went out as it came from the upstream. */
  readonly isRelayed: boolean
  readonly ms: number
}

export interface Run {
  readonly agent: Agent
  /** The name that the agent asks for. */
  readonly model: string
  readonly wording: Wording
  /** Where the agent's packages are. */
  readonly installed: string
  /** For the run's own folder, in which all that was said is kept. */
  readonly folder: string
}

const clientKey = 'sk-of-the-agent-0123456789'
const upstreamKey = 'sk-of-the-upstream-0123456789'

/** What Codex is told that would like a WebSocket. */
const upgradeRequired = 426

/** Longer than any agent takes that gets its answers. */
const deadlineMs = 120_000

export async function runAgent({ agent, model, wording, installed, folder }: Run): Promise<Outcome> {
  const began = performance.now()
  const place = await mkdtemp(join(folder, `${agent.id}-${model}-${wording.id}-`))
  const [home, work, own] = ['home', 'work', 'server'].map((name) => join(place, name)) as [string, string, string]
  await Promise.all([home, work, own].map((path) => mkdir(path)))

  const task = await createTask(work)
  const { hands, keepsReasoning } = agent
  const fake = createFakeModel({ task, hands, wording, keepsReasoning, clientKey, upstreamKey })
  const upstream = await startFakeUpstream()
  upstream.always((request) => fake.answer(request))
  const outside = await startForwardProxy({ refuse: 403 })
  try {
    const server = await startServer(own, settings(upstream.origin, wording))
    const asked = { origin: server.origin, key: clientKey, model, prompt: task.prompt, home }
    const ended = await execute(agent.program(installed, asked), { home, work, proxy: outside.origin })
      // Its log is whole once it has ended.
      .finally(() => server.stop())

    const said = { ...ended, server: server.log, outside: outside.seen.map(({ line }) => line) }
    await writeFile(join(place, 'said.json'), JSON.stringify(said, null, 1))
    const { requests } = upstream
    await Promise.all(requests.map(({ text }, i) => writeFile(join(place, `upstream-${i + 1}.json`), text)))

    const problems = [...fake.problems, ...(await task.check()), ...endProblems(ended, task.farewell)]
    if (fake.turns !== turnsOfTask) problems.push(`the task took ${fake.turns} turns, not ${turnsOfTask}`)
    if (!wording.trouble) problems.push(...errorsIn(server.log))
    return {
      problems,
      requests: requests.length,
      refusedHosts: [...new Set(said.outside)],
      isRelayed: server.log.some(({ msg, parsed }) => msg.startsWith('chat ') && parsed === undefined),
      ms: performance.now() - began,
    }
  } finally {
    await Promise.all([upstream.close(), outside[Symbol.asyncDispose]()])
  }
}

const settings = (origin: string, { model, provider }: Wording) => ({
  clients: { keys: [clientKey] },
  providers: { upstream: provider(origin, upstreamKey) },
  // Agents have small models of their own for titles.
  models: [{ name: '*', deployments: [{ provider: 'upstream', model }] }],
})

function endProblems({ code, stdout, stderr }: Ended, farewell: string): string[] {
  return [
    ...(code === 0 ? [] : [`it ended with ${code}: ${stderr.trim().slice(-1_000)}`]),
    ...(stdout.includes(farewell) ? [] : [`it did not say ${JSON.stringify(farewell)} in the end`]),
  ]
}

function errorsIn(log: readonly LogLine[]): string[] {
  const errors = log.filter(({ status = 0 }) => status >= 400 && status !== upgradeRequired)
  return errors.map(({ msg }) => `the server says: ${msg}`)
}

interface Ended {
  /** Of the process; or the signal, or what else ended it. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Runs it with nothing of our own environment, and with no way out but a proxy that refuses. */
async function execute(
  { file, args, env, files = {} }: Program,
  { home, work, proxy }: { readonly home: string; readonly work: string; readonly proxy: string },
): Promise<Ended> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true })
    await writeFile(join(home, path), text)
  }
  const { PATH = '' } = process.env
  const way = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost' }
  const lower = Object.fromEntries(Object.entries(way).map(([name, value]) => [name.toLowerCase(), value]))
  const surroundings = { PATH, HOME: home, TMPDIR: home, TERM: 'dumb', LANG: 'C.UTF-8', ...way, ...lower, ...env }
  const stopped = AbortSignal.timeout(deadlineMs)
  const child = spawn(file, args, {
    cwd: work,
    env: surroundings,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stopped,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  child.on('error', () => {}) // the deadline: told below
  const [code, signal] = await once(child, 'close').catch((error: Error) => [error.message])
  return { code: stopped.aborted ? 'the deadline' : (code ?? signal), stdout, stderr }
}
