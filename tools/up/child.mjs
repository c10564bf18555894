// @ts-check
// Runs programs in the foreground and sees to it that none of them outlives us.
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'

/**
 * @typedef {Record<string, string | undefined>} Env
 *
 * @typedef {object} End How a program ended.
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {ReadonlySet<string>} told The signals that reached us, or that we sent, while it ran.
 * @property {string} tail The last of its output, where `follow` was asked for.
 *
 * @typedef {object} How
 * @property {string} cwd
 * @property {Env} env
 * @property {boolean} [follow] Show all its output on our stderr and keep the last of it.
 */

const windows = process.platform === 'win32'
const parent = process.ppid
const TAIL = 16_384

/**
 * Starts a program and waits for its end. Rejects where it cannot be started at all.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {How} how
 * @returns {Promise<End>}
 */
export function run(file, args, { cwd, env, follow = false }) {
  /** @type {Set<string>} */
  const told = new Set()
  let tail = ''
  const child = spawn(...command(file, args), {
    cwd,
    env,
    stdio: follow ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: needsShell(file),
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (/** @type {Buffer} */ bytes) => {
      process.stderr.write(bytes)
      tail = (tail + bytes).slice(-TAIL)
    })
  }

  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    told.add(signal)
    child.kill(signal)
  }
  // Ctrl-C reaches the whole group of a terminal, the child too: passed on it would arrive twice, which many programs
  // take for impatience. Here it must only not end us before the child has ended in its own way.
  const survive = () => told.add('SIGINT')
  process.on('SIGINT', survive)
  process.on('SIGTERM', pass)
  process.on('SIGHUP', pass)
  // npm passes a signal to its shell only. When that is gone nobody waits for us any more: the child has to end.
  const orphaned = setInterval(() => process.ppid !== parent && pass('SIGTERM'), 200)

  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, told, tail }))
  }).finally(() => {
    clearInterval(orphaned)
    process.off('SIGINT', survive)
    process.off('SIGTERM', pass)
    process.off('SIGHUP', pass)
  })
}

/**
 * The exit code that stands for this end. A server that was told to stop has done its work (`calm`: 0); a test run
 * that was stopped has not passed.
 *
 * @param {Pick<End, 'code' | 'signal' | 'told'>} end
 * @param {{ calm: boolean }} how
 */
export function exitCode({ code, signal, told }, { calm }) {
  if (code !== null) return code
  if (signal === null) return 1
  if (calm && (signal === 'SIGINT' || signal === 'SIGTERM') && told.has(signal)) return 0
  return 128 + constants.signals[signal]
}

/**
 * What a short question to a program prints; '' where it fails or is not there.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Env }} how
 */
export function answer(file, args, { cwd, env }) {
  const { status, stdout } = spawnSync(...command(file, args), {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: needsShell(file),
  })
  return status === 0 ? stdout.trim() : ''
}

// On Windows npm and pnpm are mostly .cmd files, which only the shell can start, and that takes arguments unquoted.
/** @param {string} file */
const needsShell = (file) => windows && !/\.exe$/i.test(file)

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
function command(file, args) {
  return needsShell(file)
    ? [file, args.map((arg) => (/[\s&|<>^"]/.test(arg) ? JSON.stringify(arg) : arg))]
    : [file, [...args]]
}
