import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface Program extends AsyncDisposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly stdout: string
  readonly stderr: string
  /** The exit code, when everything it wrote has come. */
  readonly ended: Promise<number | null>
}

const entry = fileURLToPath(new URL('main.ts', import.meta.url))

/** The program itself, as a process of its own, which ends with the test. */
export function startProgram(cwd: string, args: readonly string[], env: Record<string, string> = {}): Program {
  const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', entry, ...args]
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, node, { cwd, env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const program = {
    child,
    stdout: '',
    stderr: '',
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    program.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    program.stderr += text
  })
  return program
}

/** The URL that the greeting names. */
export async function listening(program: Program): Promise<string> {
  for (;;) {
    const url = /listens on (\S+)\/v1/.exec(program.stderr)?.[1]
    if (url) return url
    await Promise.race([once(program.child.stderr, 'data'), program.ended])
    if (program.child.exitCode !== null) throw new Error(`It ended: ${program.stderr}`)
  }
}
