import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Dragoman from source, in a process of its own. */
export interface ServerProcess {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  /** Its log so far, one object per request. */
  readonly log: readonly LogLine[]
  stop(): Promise<void>
}

export interface LogLine {
  readonly msg: string
  readonly status?: number
  /** Why an answer was not handed on as it came. */
  readonly parsed?: string
}

const entry = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))

/**
 * @param folder for its file and what it keeps
 * @param settings as dragoman.yaml has them
 */
export async function startServer(folder: string, settings: object): Promise<ServerProcess> {
  const config = join(folder, 'dragoman.yaml')
  // JSON is YAML.
  const file = { server: { port: 0 }, store: { path: join(folder, 'state') }, ...settings }
  await writeFile(config, JSON.stringify(file))
  const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', entry, '--config', config]
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, node, { cwd: folder, env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  const closed = once(child, 'close')
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
  }
  try {
    const origin = await listening(child)
    return {
      origin,
      get log() {
        return log.split('\n').flatMap((line): LogLine[] => (line.startsWith('{') ? [JSON.parse(line)] : []))
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The URL that its greeting names. */
async function listening(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const text of child.stderr?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
    said += text
    const origin = /listens on (\S+)\/v1/.exec(said)?.[1]
    if (!origin) continue
    child.stderr?.resume() // what nobody reads would block it
    return origin
  }
  throw new Error(`The server did not start: ${said}`)
}
