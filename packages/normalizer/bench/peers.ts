import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const WANTED = join(import.meta.dirname, 'peers')
const INSTALLED = join(import.meta.dirname, '.peers')

/** A part of a model's stream in the AI SDK, as far as it is looked at here. */
export interface Part {
  readonly type: string
  readonly id?: string
  readonly delta?: string
  readonly input?: unknown
  readonly [field: string]: unknown
}

export type PartTransform = () => ReadableWritablePair<Part, Part>

export interface Peers {
  readonly versions: Readonly<Record<string, string>>
  /** One that gets the parts of one answer, made anew for each. */
  readonly hermes: PartTransform
  readonly qwen3Coder: PartTransform
  /** Takes a stream and gives another one. */
  readonly reasoning: (stream: ReadableStream<Part>) => Promise<ReadableStream<Part>>
}

/** The peers as the lock file here says; installed by npm, outside the workspace. Throws where npm cannot. */
export async function loadPeers(tools: readonly unknown[]): Promise<Peers> {
  install()
  const require = createRequire(join(INSTALLED, 'package.json'))
  const load = (name: string) => import(pathToFileURL(join(INSTALLED, 'node_modules', name, mainOf(name))).href)
  const parser: PeerParser = await load('@ai-sdk-tool/parser')
  const ai: PeerSdk = await load('ai')
  const versionOf = (name: string): string => require(join(INSTALLED, 'node_modules', name, 'package.json')).version
  return {
    versions: { '@ai-sdk-tool/parser': versionOf('@ai-sdk-tool/parser'), ai: versionOf('ai') },
    hermes: () => parser.hermesProtocol().createStreamParser({ tools }),
    qwen3Coder: () => parser.qwen3CoderProtocol().createStreamParser({ tools }),
    async reasoning(stream) {
      const middleware = ai.extractReasoningMiddleware({ tagName: 'think' })
      return (await middleware.wrapStream({ doStream: async () => ({ stream }) })).stream
    },
  }
}

interface Protocol {
  createStreamParser(options: { tools: readonly unknown[] }): ReadableWritablePair<Part, Part>
}

interface PeerParser {
  hermesProtocol(): Protocol
  qwen3CoderProtocol(): Protocol
}

interface PeerSdk {
  extractReasoningMiddleware(options: { tagName: string }): {
    wrapStream(options: { doStream: () => Promise<{ stream: ReadableStream<Part> }> }): Promise<{
      stream: ReadableStream<Part>
    }>
  }
}

function mainOf(name: string): string {
  const { exports } = JSON.parse(readFileSync(join(INSTALLED, 'node_modules', name, 'package.json'), 'utf8'))
  const entry = exports['.']
  return entry.import?.default ?? entry.import ?? entry.default
}

function install(): void {
  const lock = 'package-lock.json'
  const isInstalled =
    existsSync(join(INSTALLED, 'node_modules', '.package-lock.json')) &&
    readFileSync(join(INSTALLED, lock), 'utf8') === readFileSync(join(WANTED, lock), 'utf8')
  if (isInstalled) return
  rmSync(INSTALLED, { recursive: true, force: true })
  mkdirSync(INSTALLED, { recursive: true })
  for (const file of ['package.json', lock]) copyFileSync(join(WANTED, file), join(INSTALLED, file))
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, stderr, error } = spawnSync('npm', args, { cwd: INSTALLED, encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`npm could not install them: ${error?.message ?? stderr.trim().split('\n')[0]}`)
}
