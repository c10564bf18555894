import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from './client-request.ts'
import type { Dialect } from './dialect.ts'
import { sample } from './load.ts'
import { portkeyProgram } from './portkey.ts'
import { freePort, type How, type Running, start } from './processes.ts'

export const ROOT = join(import.meta.dirname, '..')

/** Where the build puts the server's program. */
const BUILT_SERVER = join(ROOT, 'apps', 'server', 'dist', 'main.js')
const SOURCE_SERVER = join(ROOT, 'apps', 'server', 'src', 'main.ts')
const CLIENT_KEY = 'sk-bench-client-3f9a1c'

export const lanes = ['relayed', 'parsed', 'messages', 'responses'] as const

/** A way to be served: how the answer passes through a target, or the dialect that it has to be translated to. */
export type Lane = (typeof lanes)[number]

const dialects: Readonly<Record<Lane, Dialect>> = {
  relayed: 'chat',
  parsed: 'chat',
  messages: 'messages',
  responses: 'responses',
}

/** Whether a target can serve a lane. The base stands in every line: it hands on the stream that others translate. */
export function serves(target: string, lane: Lane): boolean {
  // It has both paths, but translates neither for an upstream of Chat Completions.
  return target !== 'portkey' || dialects[lane] === 'chat'
}

/** Something that stands between client and upstream. */
export interface Target {
  readonly name: string
  /** Undefined: nothing stands between, the load goes to the upstream itself. */
  readonly command: ((port: number) => readonly string[]) | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Each request has an `Idempotency-Key` of its own. */
  readonly isNumbered?: boolean
  /** What model names begin with, to be served so. A target without lanes has one way for whatever comes. */
  readonly lanes?: Readonly<Record<Lane, string>>
}

export interface Surroundings {
  readonly upstreamPort: number
  /** For configuration files. */
  readonly folder: string
  /** Whether the server runs from its source instead of from its build. */
  readonly isSource: boolean
}

const ONE_WAY = 'bench:'
const AUTHORIZED = { authorization: `Bearer ${CLIENT_KEY}` }

export const targetNames = [
  'direct',
  'plain',
  'undici',
  'static',
  'dragoman',
  'policies',
  'idempotent',
  'cached',
  'portkey',
] as const
export type TargetName = (typeof targetNames)[number]

export function isOurServer(name: TargetName): boolean {
  return name === 'static' || name === 'dragoman' || name === 'policies' || name === 'idempotent' || name === 'cached'
}

/** Throws where the target cannot be made ready. */
export function makeTarget(name: TargetName, surroundings: Surroundings): Target {
  const { upstreamPort } = surroundings
  const own = (file: string) => (port: number) => {
    return [process.execPath, join(import.meta.dirname, 'targets', file), String(port), String(upstreamPort)]
  }
  const oneWay = { name, headers: AUTHORIZED }
  switch (name) {
    case 'direct':
      return { ...oneWay, command: undefined }
    case 'plain':
      return { ...oneWay, command: own('plain.mjs') }
    case 'undici':
      return { ...oneWay, command: own('undici.mjs') }
    case 'dragoman':
      return {
        ...oneWay,
        lanes: { relayed: 'relay:', parsed: 'parsed:', messages: 'parsed:', responses: 'parsed:' },
        command: dragomanCommand(surroundings, name, bothLanes),
      }
    case 'static':
      return { ...oneWay, headers: {}, command: dragomanCommand(surroundings, name, singleDeployment) }
    case 'policies':
      return { ...oneWay, command: dragomanCommand(surroundings, name, allPolicies) }
    case 'idempotent':
      return { ...oneWay, isNumbered: true, command: dragomanCommand(surroundings, name, allPolicies) }
    case 'cached':
      return {
        ...oneWay,
        headers: { ...AUTHORIZED, 'x-gateway-cache': 'on' },
        command: dragomanCommand(surroundings, name, allPolicies),
      }
    case 'portkey': {
      const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1` }
      const program = portkeyProgram()
      return {
        ...oneWay,
        headers: { ...AUTHORIZED, ...headers },
        command: (port) => [process.execPath, program, `--port=${port}`, '--headless'],
      }
    }
  }
}

/** Provider, credentials, groups: the configuration of a server before this upstream. */
type Configured = (upstreamPort: number) => object

function provider(upstreamPort: number, conformant: boolean, keys: readonly string[]) {
  return {
    type: 'openai-compatible',
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    models: ['bench'],
    conformant,
    credentials: keys.map((apiKey) => ({ apiKey })),
  }
}

const UPSTREAM_KEY = 'sk-bench-upstream-8d2b7e'

/** Keys are asked for, and all else is as it is by default. */
const bothLanes: Configured = (port) => ({
  clients: { keys: [CLIENT_KEY] },
  providers: { conformant: provider(port, true, [UPSTREAM_KEY]), other: provider(port, false, [UPSTREAM_KEY]) },
  models: [
    { name: 'relay:*', deployments: [{ provider: 'conformant' }] },
    { name: 'parsed:*', deployments: [{ provider: 'other' }] },
  ],
})

/** One deployment with one credential, and nothing to decide. */
const singleDeployment: Configured = (port) => ({
  clients: 'open',
  providers: { one: provider(port, true, [UPSTREAM_KEY]) },
  models: [{ name: `${ONE_WAY}*`, deployments: [{ provider: 'one' }] }],
})

/** Routing, a key with limits and budgets, affinity: bounds that no load of the benchmark reaches. */
const allPolicies: Configured = (port) => {
  const ids = ['one', 'two', 'three']
  const keys = ['-a', '-b'].map((end) => `${UPSTREAM_KEY}${end}`)
  return {
    clients: {
      keys: [
        {
          key: CLIENT_KEY,
          name: 'bench',
          models: [`${ONE_WAY}*`],
          rpm: 1e9,
          tpm: 1e12,
          budget: { day: 1e6, month: 1e6, tokensPerDay: 1e13 },
        },
      ],
    },
    providers: Object.fromEntries(ids.map((id) => [id, provider(port, true, keys)])),
    models: [
      {
        name: `${ONE_WAY}*`,
        strategy: 'affinity',
        deployments: ids.map((id, i) => ({ provider: id, weight: i + 1, price: { input: 1, output: 4 } })),
      },
    ],
  }
}

/** The server with such a configuration, as `npm start` runs it; JSON is YAML. */
function dragomanCommand(
  { upstreamPort, folder, isSource }: Surroundings,
  name: string,
  configured: Configured,
): (port: number) => readonly string[] {
  const config = { store: { path: join(folder, `${name}-data`) }, ...configured(upstreamPort) }
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const program = isSource
    ? ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', SOURCE_SERVER]
    : [BUILT_SERVER]
  const node = [process.execPath, '--max-semi-space-size=16', '--no-parallel-scavenge']
  return (port) => [...node, ...program, 'start', '--config', file, '--port', String(port)]
}

/** A target that has served its first request. */
export interface Served {
  readonly running: Running
  readonly port: number
  /** From starting the program to the end of the first right answer. */
  readonly startMs: number
}

const START_LIMIT_MS = 15_000

/** Throws where it does not serve in time, with what it has written. */
export async function startTarget(target: Target, command: readonly string[], port: number, how: How): Promise<Served> {
  const began = performance.now()
  const running = start(command, how)
  let problem = 'nothing was asked'
  while (!running.hasEnded() && performance.now() - began < START_LIMIT_MS) {
    try {
      await sample(endpointOf(target, 'relayed', port), { kib: 1 })
      return { running, port, startMs: performance.now() - began }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
      await sleep(2)
    }
  }
  const told = running.tail()
  await running.stop()
  throw new Error(`${target.name} did not serve: ${problem}\n${told}`)
}

export function endpointOf(target: Target, lane: Lane, port: number): Endpoint {
  const { headers, lanes, isNumbered = false } = target
  return lanes
    ? { port, headers, isNumbered, prefix: lanes[lane], dialect: dialects[lane] }
    : { port, headers, isNumbered, prefix: ONE_WAY, dialect: 'chat' }
}

/** Starts it on a free port, where it is a program at all. */
export async function startOnFreePort(target: Target, how: How): Promise<Served | undefined> {
  if (!target.command) return undefined
  const port = await freePort()
  return startTarget(target, target.command(port), port, how)
}
