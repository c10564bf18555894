import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, type How, start } from './processes.ts'
import type { UpstreamStats } from './upstream.ts'

export interface Upstream {
  readonly port: number
  stats(): Promise<UpstreamStats>
  /** Comes back when no stream is open any more. */
  idle(): Promise<void>
}

const LIMIT_MS = 15_000

/** The fake upstream in a process of its own. It ends with this one. */
export async function startUpstream(how: How): Promise<Upstream> {
  const port = await freePort()
  const program = join(import.meta.dirname, 'upstream.ts')
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', program, String(port)]
  const running = start(command, how)
  const stats = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/stats`)
    return JSON.parse(await answer.text()) as UpstreamStats
  }
  const until = async (what: string, isSo: () => Promise<boolean>) => {
    const began = performance.now()
    while (!(await isSo())) {
      if (running.hasEnded() || performance.now() - began > LIMIT_MS) {
        throw new Error(`the fake upstream ${what}: ${running.tail()}`)
      }
      await sleep(20)
    }
  }
  const answers = () => stats().then(Boolean, () => false)
  await until('does not answer', answers)
  return {
    port,
    stats,
    idle: () => until('has streams that never end', async () => (await stats()).openStreams === 0),
  }
}
