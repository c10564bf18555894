import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Lets Node keep what it compiles from now on, for the next start. Not in Node's usual folder below /tmp: what lies
 * there under a name that is known beforehand may be somebody else's, and would be run. Where nothing can be written
 * nothing is kept; `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` count as ever.
 */
export function keepCompiledCode(program: string): void {
  // From source `npm start` says where (tools/up.mjs), and a test is to leave nothing behind.
  if (!program.endsWith('.js')) return
  try {
    const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
    enableCompileCache(join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'dragoman'))
  } catch {
    // a user without a home: the start takes a little longer
  }
}
