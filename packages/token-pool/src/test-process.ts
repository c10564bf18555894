import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process that a test started, and its output by lines. */
export interface TestProcess {
  readonly pid: number
  say(line: string): void
  /** Resolves with the first line, past ones included, that starts so; rejects when it ends without. */
  line(start: string): Promise<string>
  /** The same without past ones. */
  nextLine(start: string): Promise<string>
  /** Its exit code, when it ended by itself. */
  readonly ended: Promise<number | null>
  kill(): Promise<void>
}

/** Runs a script of this folder from source. Whoever starts it kills it. */
export function startProcess(script: string, ...parameters: string[]): TestProcess {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['-C', 'dragoman-source', file, ...parameters])
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  let errors = ''
  let isOver = false
  child.stderr?.on('data', (text) => {
    errors += text
  })
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      wake()
    })
  }
  const find = (start: string, from: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.slice(from).find((line) => line.startsWith(start))
        if (found === undefined && !isOver) return
        waiting.delete(look)
        if (found === undefined) reject(new Error(`${script} ended without a line ${start}: ${errors}`))
        else resolve(found)
      }
      waiting.add(look)
      look()
    })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    isOver = true
    wake()
    return code ?? null
  })
  return {
    pid: child.pid ?? 0,
    ended,
    say: (line) => child.stdin?.write(`${line}\n`),
    line: (start) => find(start, 0),
    nextLine: (start) => find(start, lines.length),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
