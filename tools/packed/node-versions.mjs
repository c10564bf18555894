// @ts-check
import { existsSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { execute } from './execute.mjs'

/** @typedef {{ path: string, version: string }} Node */

/**
 * The Nodes of this machine that packages are tried with: the one that runs this, and the first one on PATH outside of
 * the repository, where it is of another major.
 *
 * @param {string} root
 * @returns {Promise<Node[]>}
 */
export async function nodesOfThisMachine(root) {
  const own = { path: process.execPath, version: process.versions.node }
  const path = foldersOutside(root)
    .map((dir) => join(dir, 'node'))
    .find((file) => existsSync(file))
  if (!path) return [own]
  const version = (await execute(path, ['-p', 'process.versions.node'])).trim()
  return majorOf(version) === majorOf(own.version) ? [own] : [own, { path, version }]
}

/**
 * The folders on PATH that are not the repository's own.
 *
 * @param {string} root
 */
export function foldersOutside(root) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.filter((dir) => dir !== '' && relative(root, dir).startsWith('..'))
}

/** @param {string} version */
export const majorOf = (version) => Number.parseInt(version, 10)

/**
 * @param {string | undefined} engines only `>=major[.minor]` is known
 * @param {string} version
 */
export function allows(engines, version) {
  const lowest = /^>=\s*(\d+)(?:\.(\d+))?/.exec(engines ?? '>=0')
  if (!lowest) throw new Error(`engines.node is expected to be ">=x.y": ${engines}`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor] = [Number(lowest[1]), Number(lowest[2] ?? 0)]
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}
