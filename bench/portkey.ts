import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const WANTED = join(import.meta.dirname, 'peers', 'portkey')
const INSTALLED = join(import.meta.dirname, '.peers', 'portkey')
const PROGRAM = join(INSTALLED, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')

/**
 * Portkey's gateway as its lock file here says; installed by npm when it is not there. Two versions are held back to
 * those of its own lock file: with newer ones it answers every streaming request 500.
 *
 * Throws where npm cannot install it.
 */
export function portkeyProgram(): string {
  if (isInstalled()) return PROGRAM
  rmSync(INSTALLED, { recursive: true, force: true })
  mkdirSync(INSTALLED, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(WANTED, file), join(INSTALLED, file))
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, stderr, error } = spawnSync('npm', args, { cwd: INSTALLED, encoding: 'utf8', timeout: 120_000 })
  if (status === 0) return PROGRAM
  throw new Error(`npm could not install it: ${error?.message ?? stderr.trim().split('\n')[0]}`)
}

/** npm writes the lock file inside node_modules when it has finished. */
function isInstalled(): boolean {
  const lock = 'package-lock.json'
  return (
    existsSync(PROGRAM) &&
    existsSync(join(INSTALLED, 'node_modules', '.package-lock.json')) &&
    readFileSync(join(INSTALLED, lock), 'utf8') === readFileSync(join(WANTED, lock), 'utf8')
  )
}
