// @ts-check
// What programs see of the place in which they are started.
import { delimiter } from 'node:path'

/** @typedef {import('./child.mjs').Env} Env */

/**
 * Without what an outer npm tells its scripts, which would confuse an inner npm, pnpm or server; where to fetch from
 * is kept.
 *
 * @param {Env} outer
 * @returns {Env}
 */
export function cleanEnvironment(outer) {
  const kept = /^npm_config_(registry|cafile|strict_ssl|userconfig|cache|https?_proxy|proxy|noproxy)$/i
  const told = /^(npm_(config|package|lifecycle)_.*|npm_command|npm_execpath|npm_node_execpath|init_cwd)$/i
  return {
    ...Object.fromEntries(Object.entries(outer).filter(([name]) => kept.test(name) || !told.test(name))),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    npm_config_update_notifier: 'false',
  }
}

/**
 * @param {Env} env
 * @param {readonly (string | undefined)[]} folders in front of the others, the first one foremost
 * @returns {Env}
 */
export function withPath(env, folders) {
  // Windows writes it "Path".
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...env, [name]: [...folders, env[name]].filter(Boolean).join(delimiter) }
}

/**
 * Where the user stands: npm runs scripts in the package's folder and tells in INIT_CWD where it was called. A file
 * named on the command line is meant from there.
 *
 * @param {string} root
 * @param {string} cwd
 * @param {Env} env
 */
export function workingDirectory(root, cwd, env) {
  return cwd === root && env.INIT_CWD ? env.INIT_CWD : cwd
}
