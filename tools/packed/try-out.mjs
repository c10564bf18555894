// @ts-check
// A package as a user gets it: installed from its tarball into an empty folder, imported, compiled against, and run.
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, readJson } from '../workspace.mjs'
import { execute } from './execute.mjs'
import { foldersOutside } from './node-versions.mjs'

/**
 * @typedef {import('../workspace.mjs').Package} Package
 * @typedef {import('./node-versions.mjs').Node} Node
 */

/**
 * @param {Package} pack
 * @param {string} dir an empty folder, to be removed by the caller
 * @param {Readonly<Record<string, string>>} tarballs name -> file, of the package and of ours that it needs, no others
 * @param {readonly Node[]} nodes
 */
export async function tryOut(pack, dir, tarballs, nodes) {
  const script = join(ROOT, 'tools', 'try-packed', `${basename(pack.dir)}.mjs`)
  if (!existsSync(script))
    throw new Error(`tools/try-packed/${basename(pack.dir)}.mjs is missing: it uses the package once`)
  mkdirSync(dir)
  cpSync(script, join(dir, 'try.mjs'))
  cpSync(join(ROOT, 'tools', 'packed', 'fake-chat-service.mjs'), join(dir, 'fake-chat-service.mjs'))
  const own = Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`])
  const dependencies = Object.fromEntries([...own, ...optionalPeers(pack)])
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  await npmInstall(dir)

  const specifiers = exportedPaths(pack.manifest, join(dir, 'node_modules', pack.manifest.name)).map((path) =>
    join(pack.manifest.name, path),
  )
  const modules = specifiers.filter((specifier) => !specifier.endsWith('.json'))
  if (modules.length > 0) await compile(dir, modules)
  for (const node of nodes) {
    await importAll(dir, node, specifiers)
    await run(node, ['try.mjs'], dir)
  }
}

/**
 * What the package works with where its user has it, in the versions that its tests have.
 *
 * @param {Package} pack
 */
function optionalPeers({ dir, manifest }) {
  return Object.keys(manifest.peerDependenciesMeta ?? {}).flatMap((name) => {
    const { version } = readJson(join(ROOT, dir, 'node_modules', name, 'package.json'))
    return [[name, version], ...(typesNotBrought[name] ?? [])]
  })
}

/**
 * What the declarations of a peer import and its package does not bring.
 *
 * @type {Readonly<Record<string, readonly (readonly [name: string, version: string])[]>>}
 */
const typesNotBrought = { ai: [['@types/json-schema', '7.0.15']] }

/**
 * The paths by which the package can be imported; one with a `*` stands for every module in its folder.
 *
 * @param {import('../workspace.mjs').Manifest} manifest
 * @param {string} installed
 */
function exportedPaths({ exports = {} }, installed) {
  return Object.entries(exports).flatMap(([path, target]) => {
    if (!path.includes('*')) return [path]
    const { default: pattern } = /** @type {{ default: string }} */ (target)
    const suffix = pattern.slice(pattern.indexOf('*') + 1)
    const names = readdirSync(join(installed, dirname(pattern))).filter((name) => name.endsWith(suffix))
    return names.map((name) => path.replace('*', name.slice(0, -suffix.length)))
  })
}

/**
 * By the npm of this machine, run by its own Node and not by the repository's: it may know certificates that only it was
 * told of.
 *
 * @param {string} dir
 */
async function npmInstall(dir) {
  const quiet = ['--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
  const network = ['--prefer-offline', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=5000']
  const PATH = foldersOutside(ROOT).join(delimiter)
  await execute('npm', ['install', ...quiet, ...network], { cwd: dir, env: { ...process.env, PATH } })
}

/**
 * Every export by import(), and by require() too: the packages are ES modules only, and say that Node can require them.
 *
 * @param {string} dir
 * @param {Node} node
 * @param {readonly string[]} specifiers
 */
async function importAll(dir, node, specifiers) {
  const lines = specifiers.map((name) => {
    const how = name.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
    return `await import('${name}'${how}); require('${name}')`
  })
  const prelude = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`
  writeFileSync(join(dir, 'import-all.mjs'), [prelude, ...lines].join('\n'))
  await run(node, ['--no-warnings', 'import-all.mjs'], dir)
}

/**
 * The compiler reads all declarations, those of the dependencies too, as in a project without skipLibCheck.
 *
 * @param {string} dir
 * @param {readonly string[]} modules
 */
async function compile(dir, modules) {
  const imports = modules.map((name, i) => `import * as module${i} from '${name}'`)
  writeFileSync(
    join(dir, 'consumer.ts'),
    `${imports.join('\n')}\nexport const all = [${modules.map((_, i) => `module${i}`)}]\n`,
  )
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts', 'try.mjs'] }))
  await execute(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', dir])
}

/**
 * In an environment without the operator's keys and proxies, on loopback.
 *
 * @param {Node} node
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function run(node, args, cwd) {
  const guard = pathToFileURL(join(ROOT, 'tools', 'loopback-only.mjs')).href
  const PATH = [dirname(node.path), process.env.PATH].join(delimiter)
  const env = { PATH, HOME: cwd, TMPDIR: process.env.TMPDIR, NODE_OPTIONS: `--import=${guard}` }
  await execute(node.path, args, { cwd, env })
}
