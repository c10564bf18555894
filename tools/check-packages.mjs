// @ts-check
// Packs every package that is published, lints the tarballs, and tries each of them in an empty folder, with the
// tarballs of those of ours that it needs and of no others. Prints a line for each; fails when one fails.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { checkContents } from './packed/contents.mjs'
import { execute } from './packed/execute.mjs'
import { allows, majorOf, nodesOfThisMachine } from './packed/node-versions.mjs'
import { tryOut } from './packed/try-out.mjs'
import { ROOT, readPackages } from './workspace.mjs'

/**
 * @typedef {import('./workspace.mjs').Manifest} Manifest
 * @typedef {import('./workspace.mjs').Package} Package
 */

const PUBLINT = join(ROOT, 'node_modules', 'publint', 'src', 'cli.js')
const ATTW = join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')

const packages = new Map(
  readPackages(ROOT)
    .filter(({ manifest }) => !manifest.private)
    .map((pack) => [pack.manifest.name, pack]),
)
const temp = mkdtempSync(join(tmpdir(), 'packed-'))
process.on('exit', () => rmSync(temp, { recursive: true, force: true }))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => process.exit(1))

const build = ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only']
if (spawnSync('pnpm', build, { cwd: ROOT, stdio: 'inherit' }).status !== 0) process.exit(1)

/** @type {Map<string, { tarball: string, manifest: Manifest }>} */
const packed = new Map()
for (const [name, { dir }] of packages) packed.set(name, await pack(dir))
const nodes = await nodesOfThisMachine(ROOT)

const results = await inParallel([...packages.values()], check)
process.exitCode = results.every(Boolean) ? 0 : 1

/** @param {Package} pack @returns {Promise<boolean>} */
async function check(pack) {
  const { name, engines } = pack.manifest
  const { tarball } = packedAs(name)
  const suited = nodes.filter(({ version }) => allows(engines?.node, version))
  const began = performance.now()
  try {
    const files = await unpack(tarball, join(temp, `${basename(pack.dir)}-unpacked`))
    const problems = checkContents(files, ROOT)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    await execute(process.execPath, [PUBLINT, 'run', tarball, '--strict'])
    await execute(process.execPath, [ATTW, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'])
    const needed = Object.fromEntries([...closure(name)].map((one) => [one, packedAs(one).tarball]))
    await tryOut(pack, join(temp, basename(pack.dir)), needed, suited)
    const size = `${files.size} files, ${Math.round(statSync(tarball).size / 1024)} kB`
    const tried = `Node ${suited.map(({ version }) => majorOf(version)).join(', ')}`
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(`ok      ${name.padEnd(38)} ${size.padEnd(18)} ${tried.padEnd(13)} ${seconds} s`)
    return true
  } catch (error) {
    console.log(`FAILED  ${name}\n${error instanceof Error ? error.message : error}`)
    return false
  }
}

/**
 * A bundle is a package of its own with a manifest of its own, in the folder into which it is built.
 *
 * @param {string} dir
 */
async function pack(dir) {
  const built = join(ROOT, dir, 'dist')
  const cwd = existsSync(join(built, 'package.json')) ? built : join(ROOT, dir)
  const answer = await execute('pnpm', ['pack', '--pack-destination', temp, '--json'], { cwd })
  const tarball = join(temp, basename(JSON.parse(answer).filename))
  const manifest = JSON.parse(await execute('tar', ['-xzOf', tarball, 'package/package.json']))
  return { tarball, manifest }
}

/** @param {string} name */
function packedAs(name) {
  const found = packed.get(name)
  if (!found) throw new Error(`${name} is not published`)
  return found
}

/** @param {string} tarball @param {string} dir */
async function unpack(tarball, dir) {
  mkdirSync(dir)
  await execute('tar', ['-xzf', tarball, '-C', dir, '--strip-components=1'])
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => [relative(dir, path), readFileSync(path, 'utf8')]))
}

/**
 * A package and those of ours that it cannot do without, as it is published.
 *
 * @param {string} name
 * @param {Set<string>} found
 * @returns {Set<string>}
 */
function closure(name, found = new Set()) {
  const manifest = packed.get(name)?.manifest
  if (!manifest || found.has(name)) return found
  found.add(name)
  for (const needed of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) closure(needed, found)
  return found
}

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
async function inParallel(items, work) {
  /** @type {R[]} */
  const results = []
  const queue = items.entries()
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}
