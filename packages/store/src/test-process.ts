import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A script of this folder in a process of its own, told what to do. */
export interface Contender {
  /** Resolves with what it says when it has done so. */
  tell(command: string): Promise<string>
  kill(): Promise<void>
}

export async function startContender(path: string, name = 'contender'): Promise<Contender> {
  const script = fileURLToPath(new URL(`./test-${name}.ts`, import.meta.url))
  const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', script, path]
  const child = spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error('the contender ended')
    return String(value)
  }
  await said()
  return {
    tell(command) {
      child.stdin.write(`${command}\n`)
      return said()
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}
