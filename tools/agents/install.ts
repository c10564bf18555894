import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent } from './agent.ts'

/**
 * Installs an agent by npm into a folder of its own, where it is not there yet. No script of a package is run.
 *
 * @returns the folder
 */
export function install({ id, package: name, version }: Agent, folder: string): string {
  const own = join(folder, `${id}-${version}`)
  const stamp = join(own, 'installed')
  if (existsSync(stamp)) return own
  mkdirSync(own, { recursive: true })
  // Without one npm would look for a package in the folders above.
  writeFileSync(join(own, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]
  const { status, error } = spawnSync('npm', args, {
    cwd: own,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`${name}@${version} could not be installed${error ? `: ${error.message}` : ''}`)
  writeFileSync(stamp, '')
  return own
}
