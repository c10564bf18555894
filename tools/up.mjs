// @ts-check
// Makes a bare machine (any Node from 18 on, with its npm) run this repository: fetches a pinned Node when this one is
// too old and a pinned pnpm when none fits, installs what is needed, and starts the program.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCode, run } from './up/child.mjs'
import { Failure } from './up/failure.mjs'
import { install, whatToInstall } from './up/install.mjs'
import { withLock } from './up/lock.mjs'
import { cleanEnvironment, withPath, workingDirectory } from './up/surroundings.mjs'
import { fetchedNode, fetchedPnpm, fetchNode, fetchPnpm, fits, hasPnpm, pinnedNode } from './up/toolchain.mjs'

const HELP = `Usage: node tools/up.mjs <command> [arguments]

  start [arguments]   run the server from its source; the arguments are the server's: npm start -- --help
  test [arguments]    run the tests; the arguments are vitest's: npm test -- packages/core
  install             only fetch and install what the other commands need
  exec <program>      run a program of the workspace: exec biome check
  <script>            run a script of package.json
`

/**
 * A gateway's objects die young. Unbounded, the space for them grows to 64 MB when many streams are opened at once, and
 * stays so; and clearing a small one takes threads longer to share out than to do.
 */
const MEMORY = ['--max-semi-space-size=16', '--no-parallel-scavenge']

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const surroundings = cleanEnvironment(process.env)
/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`)

try {
  const [command = 'start', ...args] = process.argv.slice(2)
  process.exitCode = await main(command, args)
} catch (error) {
  if (!(error instanceof Failure)) throw error
  if (error.message) say(error.message)
  process.exitCode = error.exitCode
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(command, args) {
  if (/^(-h|--help|help)$/.test(command)) {
    process.stdout.write(HELP)
    return 0
  }
  if (command === 'start') {
    const { node, env } = await ready('server')
    const entry = join(root, 'apps', 'server', 'src', 'main.ts')
    const server = ['-C', 'dragoman-source', ...MEMORY, '--disable-warning=ExperimentalWarning', entry]
    const cwd = workingDirectory(root, process.cwd(), process.env)
    // Stripping the types of a few hundred files takes longer than all the rest of a start: what came of it is kept.
    const cache = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...env }
    return exitCode(await run(node, [...server, ...args], { cwd, env: cache }), { calm: true })
  }
  if (command === 'test') {
    const { node, env } = await ready('all')
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    return exitCode(await run(node, [vitest, 'run', ...args], { cwd: root, env }), { calm: false })
  }
  // pnpm itself may be called to mend the very lock file that everything else is installed by.
  const isPnpm = command === 'exec' && args[0] === 'pnpm'
  const { env } = await ready(isPnpm ? 'nothing' : 'all', { pnpm: true })
  if (command === 'install') return 0
  const pnpm = command === 'exec' ? ['exec', ...args] : ['run', command, ...args]
  return exitCode(await run('pnpm', pnpm, { cwd: root, env }), { calm: false })
}

/**
 * Sees to it that Node, pnpm and the packages are there; on a warm machine by a look at a few files.
 *
 * @param {import('./up/install.mjs').Set | 'nothing'} set
 * @param {{ pnpm?: boolean }} [needs] whether the command itself calls pnpm
 */
async function ready(set, needs = {}) {
  const own = fits(process.version) ? process.execPath : undefined
  const version = own ? process.version : pinnedNode(root)
  let node = own ?? fetchedNode(root)
  let pnpm = fetchedPnpm(root)
  const missingPackages = () => (set === 'nothing' ? 'ready' : whatToInstall(root, set, version))

  const isWarm = node && missingPackages() === 'ready' && (!needs.pnpm || pnpm || hasPnpm(surroundings))
  if (!isWarm) await withLock(join(root, '.up.lock'), prepare, { say })

  const env = withPath(surroundings, [node && dirname(node), pnpm])
  return { node: /** @type {string} */ (node), env }

  // Everything is looked at again inside the lock: another run may have done it meanwhile.
  async function prepare() {
    const bringNode = async () => {
      node ??= fetchedNode(root) ?? (await fetchNode(root, surroundings, say))
    }
    const bringPackages = async () => {
      pnpm ??= fetchedPnpm(root) ?? (hasPnpm(surroundings) ? undefined : await fetchPnpm(root, surroundings, say))
      const missing = missingPackages()
      if (missing !== 'ready') await install(root, missing, version, withPath(surroundings, [pnpm]))
    }
    // pnpm is a native program and no package has an install script: it need not wait for Node.
    const failed = (await Promise.allSettled([bringNode(), bringPackages()])).filter((end) => end.status === 'rejected')
    // Where both failed, npm told the reason for pnpm only: Node is an optional package to it.
    if (failed.length > 0) throw failed.at(-1)?.reason
  }
}
