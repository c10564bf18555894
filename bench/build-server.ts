import { spawnSync } from 'node:child_process'
import { ROOT } from './targets.ts'

/** Builds all packages: the built server finds the others built. Throws where that fails. */
export function buildServer(): void {
  process.stderr.write('building\n')
  const args = ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only']
  const { status } = spawnSync('pnpm', args, { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr] })
  if (status !== 0) throw new Error('The build failed; --source measures without it.')
}
