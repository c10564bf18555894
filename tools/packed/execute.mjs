// @ts-check
import { execFile } from 'node:child_process'

// Nothing here takes longer unless it hangs.
const TIMEOUT_MS = 180_000

/**
 * Runs a program and answers what it printed; rejects with all its output where it fails.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} standard output
 */
export function execute(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const limits = { timeout: TIMEOUT_MS, maxBuffer: 64 * 2 ** 20 }
    execFile(file, args, { ...options, ...limits, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (!error) resolve(stdout)
      else
        reject(
          new Error(`${[file, ...args].join(' ')}: ${error.killed ? 'took too long' : 'failed'}\n${stdout}${stderr}`),
        )
    })
  })
}
