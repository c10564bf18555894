// @ts-check
// The packages of the workspace. A stamp in node_modules tells what is installed, so that a warm run does not ask pnpm.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exitCode, run } from './child.mjs'
import { Failure, isUnreachable, UNREACHABLE } from './failure.mjs'

/**
 * @typedef {import('./child.mjs').Env} Env
 * @typedef {'server' | 'all'} Set What the server needs to run (some 20 MB), or everything (some 400 MB).
 *
 * @typedef {object} Stamp
 * @property {Set} set
 * @property {string} fingerprint '' while an installation is under way, or was broken off
 * @property {readonly string[]} folders those that the installation made, relative to the root
 */

// By itself pnpm waits more than a minute before it gives a dead network up.
const PATIENCE = {
  pnpm_config_fetch_retries: '2',
  pnpm_config_fetch_retry_mintimeout: '1000',
  pnpm_config_fetch_retry_factor: '2',
}

const WORKSPACE_FOLDERS = ['packages', 'apps']

/**
 * Whether `want` has to be installed, and then what. The server's set is only for a tree in which nobody has installed
 * more: pnpm would take the rest away.
 *
 * @param {string} root
 * @param {Set} want
 * @param {string} nodeVersion
 * @returns {'ready' | Set}
 */
export function whatToInstall(root, want, nodeVersion) {
  const stamp = readStamp(root)
  if (
    stamp &&
    (stamp.set === 'all' || want === 'server') &&
    stamp.fingerprint === fingerprint(root, nodeVersion) &&
    stamp.folders.every((folder) => existsSync(join(root, folder)))
  ) {
    return 'ready'
  }
  if (want === 'all' || hasMoreThanTheServer(root)) return 'all'
  return stamp?.set ?? (existsSync(join(root, 'node_modules')) ? 'all' : 'server')
}

/**
 * @param {string} root
 * @param {Set} set
 * @param {string} nodeVersion
 * @param {Env} env
 */
export async function install(root, set, nodeVersion, env) {
  // Written first without a fingerprint: after an interruption the next run knows what was meant.
  writeStamp(root, { set, fingerprint: '', folders: [] })
  // The lock file's integrity is always checked. Asking the registry for the age of every package in it as well (the
  // tests' too) takes longer than all the rest of a first start: that is left to those who install everything.
  const only = set === 'server' ? ['--prod', '--filter-prod', 'dragoman...', '--trust-lockfile'] : []
  const args = ['install', ...only, '--frozen-lockfile', '--prefer-offline', '--reporter=append-only']
  const end = await run('pnpm', args, { cwd: root, env: { ...PATIENCE, ...env }, follow: true })
  if (end.code !== 0) {
    if (end.told.size > 0) throw new Failure('', exitCode(end, { calm: false }))
    throw new Failure(isUnreachable(end.tail) ? UNREACHABLE : 'pnpm install failed.')
  }
  const folders = ['.', ...packages(root)]
    .map((dir) => join(dir, 'node_modules'))
    .filter((dir) => existsSync(join(root, dir)))
  writeStamp(root, { set, fingerprint: fingerprint(root, nodeVersion), folders })
}

/**
 * Changes whenever another installation could come out.
 *
 * @param {string} root
 * @param {string} nodeVersion
 */
export function fingerprint(root, nodeVersion) {
  const major = nodeVersion.match(/\d+/)?.[0]
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${major}`)
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    ...['.', ...packages(root)].map((dir) => join(dir, 'package.json')),
  ]
  for (const file of files) {
    if (existsSync(join(root, file))) hash.update(`\n${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/** @param {string} root */
function packages(root) {
  return WORKSPACE_FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => join(folder, name)),
  )
}

/** @param {string} root */
const stampFile = (root) => join(root, 'node_modules', '.up.json')

/**
 * @param {string} root
 * @returns {Stamp | undefined}
 */
function readStamp(root) {
  try {
    return JSON.parse(readFileSync(stampFile(root), 'utf8'))
  } catch {
    return undefined // none yet, or cut off while it was written: install again
  }
}

/** @param {string} root @param {Stamp} stamp */
function writeStamp(root, stamp) {
  mkdirSync(dirname(stampFile(root)), { recursive: true })
  writeFileSync(stampFile(root), `${JSON.stringify(stamp)}\n`)
}

/**
 * What pnpm itself noted, for those who call it by hand.
 *
 * @param {string} root
 */
function hasMoreThanTheServer(root) {
  const file = join(root, 'node_modules', '.modules.yaml')
  return existsSync(file) && /"?devDependencies"?:\s*true/.test(readFileSync(file, 'utf8'))
}
