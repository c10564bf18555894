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

export const targetNames = ['direct', 'plain', 'undici', 'dragoman', 'portkey'] as const
export type TargetName = (typeof targetNames)[number]

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
        command: dragomanCommand(surroundings),
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

/** Keys are asked for, and all else is as it is by default; JSON is YAML. */
function dragomanCommand({ upstreamPort, folder, isSource }: Surroundings): (port: number) => readonly string[] {
  const provider = (conformant: boolean) => ({
    type: 'openai-compatible',
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    models: ['bench'],
    conformant,
    credentials: [{ apiKey: 'sk-bench-upstream-8d2b7e' }],
  })
  const group = (prefix: string, id: string) => ({ name: `${prefix}*`, deployments: [{ provider: id }] })
  const config = {
    clients: { keys: [CLIENT_KEY] },
    providers: { conformant: provider(true), other: provider(false) },
    models: [group('relay:', 'conformant'), group('parsed:', 'other')],
  }
  const file = join(folder, 'dragoman.yaml')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const program = isSource
    ? ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', SOURCE_SERVER]
    : [BUILT_SERVER]
  // As `npm start` runs it.
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
  const { headers, lanes } = target
  return lanes
    ? { port, headers, prefix: lanes[lane], dialect: dialects[lane] }
    : { port, headers, prefix: ONE_WAY, dialect: 'chat' }
}

/** Starts it on a free port, where it is a program at all. */
export async function startOnFreePort(target: Target, how: How): Promise<Served | undefined> {
  if (!target.command) return undefined
  const port = await freePort()
  return startTarget(target, target.command(port), port, how)
}
