// @ts-check
// Holds the workspace to the directions of dependency in arrows.json, and every file to what its package declares.
// Prints one line for each violation and fails when there is one.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readModule } from './arrows/read-module.mjs'
import { ROOT, readJson, readPackages } from './workspace.mjs'

/**
 * @typedef {object} Arrows
 * @property {Readonly<Record<string, readonly string[]>>} packages What a package may need at run time. A name with
 *   `*` speaks for those that have no line of their own; what tests need is free.
 * @property {Readonly<Record<string, readonly string[]>>} typesOnly What a package may need for its types only, so that
 *   its users load nothing.
 * @property {readonly { imports: string, in: string, files: readonly string[] }[]} onlyFrom Within a folder only these
 *   files, and tests, import such packages.
 *
 * @typedef {import('./workspace.mjs').Manifest} Manifest
 * @typedef {import('./workspace.mjs').Package} Package
 *
 * @typedef {object} Workspace
 * @property {Arrows} arrows
 * @property {ReadonlyMap<string, Package>} packages by name
 * @property {ReadonlySet<string>} rootTools what the tests of every package find at the root
 */

const FORBIDDEN_NAME = /^(utils?|helpers?|common|shared|misc)$/i

// x.test.ts holds tests, test-x.ts what several of them stand on.
const OF_TESTS = /^test-|\.test\.[cm]?[jt]sx?$/

/**
 * @param {string} root
 * @returns {string[]} one line for each violation
 */
export function checkArrows(root) {
  const workspace = readWorkspace(root)
  const problems = []
  for (const pack of workspace.packages.values()) {
    problems.push(...checkManifest(pack, workspace))
    const needed = new Set()
    for (const file of filesIn(join(root, pack.dir))) {
      const path = relative(root, file)
      const inside = relative(join(root, pack.dir), file)
      problems.push(...checkName(inside, path))
      if (!/^src\b.*\.[cm]?[jt]sx?$/.test(inside)) continue
      const facts = readModule(file, readFileSync(file, 'utf8'))
      problems.push(...checkModule(root, file, facts, pack, workspace).map((problem) => `${path}: ${problem}`))
      if (!OF_TESTS.test(basename(file))) for (const specifier of facts.imports) needed.add(packageOf(specifier))
    }
    const idle = Object.keys(pack.manifest.dependencies ?? {}).filter((name) => !needed.has(name))
    problems.push(...idle.map((name) => `${join(pack.dir, 'package.json')}: nothing imports ${name}`))
  }
  return problems
}

/** @param {Package} pack @param {Workspace} workspace */
function checkManifest({ dir, manifest }, { arrows, packages }) {
  const path = join(dir, 'package.json')
  const allowed = arrows.packages[closest(Object.keys(arrows.packages), manifest.name) ?? '']
  if (!allowed) return [`${path}: ${manifest.name} is not in tools/arrows.json`]
  return runtimeDependencies(manifest).flatMap((name) => {
    if (!closest(allowed, name)) return [`${path}: ${manifest.name} must not depend on ${name} (tools/arrows.json)`]
    if (!manifest.private && packages.get(name)?.manifest.private) {
      return [`${path}: ${manifest.name} is published and must not depend on ${name}, which is private`]
    }
    return []
  })
}

/** @param {string} inside @param {string} path */
function checkName(inside, path) {
  const forbidden = inside.split(/[/\\]/).find((part) => FORBIDDEN_NAME.test(part.replace(/\..*$/, '')))
  return forbidden ? [`${path}: "${forbidden}" says nothing about what is in it`] : []
}

/**
 * @param {string} root
 * @param {string} file
 * @param {import('./arrows/read-module.mjs').ModuleFacts} facts
 * @param {Package} pack
 * @param {Workspace} workspace
 */
function checkModule(root, file, facts, pack, workspace) {
  const { dir, manifest } = pack
  const isTest = OF_TESTS.test(basename(file))
  const { imports, loads, reexports, exportsEverything } = facts
  const problems = imports.flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = relative(join(root, dir), join(dirname(file), specifier))
      const isForTests = OF_TESTS.test(basename(target))
      // No package publishes what its tests stand on, such as the fake of a service, and tests of others may need that.
      if (target.startsWith('..') && !(isTest && isForTests)) {
        return [`"${specifier}" leaves the package: import it by its name`]
      }
      return !isTest && isForTests ? [`"${specifier}" is for tests only`] : []
    }
    if (specifier.startsWith('node:')) return []
    if (isBuiltin(specifier)) return [`write "node:${specifier}"`]
    const name = packageOf(specifier)
    if (name === manifest.name) return isTest ? [] : [`"${specifier}" is the package itself: import the file`]
    return [
      ...checkDeclared(name, isTest, manifest, workspace),
      ...checkSubpath(specifier, name, workspace),
      ...checkOnlyFrom(root, file, name, isTest, workspace),
    ]
  })
  if (!isTest) {
    const forTypes = workspace.arrows.typesOnly[manifest.name] ?? []
    const loaded = loads.filter((specifier) => forTypes.includes(packageOf(specifier)))
    problems.push(...loaded.map((specifier) => `"${specifier}" is for types only here: write "import type"`))
  }
  if (exportsEverything) problems.push('"export *" hides what is public: list the names')
  if (!isTest) problems.push(...reexports.map((specifier) => `re-exports "${specifier}": users import it from there`))
  return problems
}

/** @param {string} name @param {boolean} isTest @param {Manifest} manifest @param {Workspace} workspace */
function checkDeclared(name, isTest, manifest, { rootTools }) {
  const declared = new Set([...runtimeDependencies(manifest), ...Object.keys(manifest.devDependencies ?? {})])
  if (isTest) {
    return declared.has(name) || rootTools.has(name) ? [] : [`"${name}" is not in the package's package.json`]
  }
  if (runtimeDependencies(manifest).includes(name)) return []
  // Nobody installs a private package, so it may do with what the workspace installs.
  if (manifest.private && declared.has(name)) return []
  return [`"${name}" is not among the dependencies or peerDependencies of ${manifest.name}`]
}

/** @param {string} specifier @param {string} name @param {Workspace} workspace */
function checkSubpath(specifier, name, { packages }) {
  const ours = packages.get(name)
  if (!ours) return []
  const subpath = `.${specifier.slice(name.length)}`
  const isExported = Object.keys(ours.manifest.exports ?? {}).some((pattern) => {
    const [before = '', after] = pattern.split('*')
    return after === undefined ? pattern === subpath : subpath.startsWith(before) && subpath.endsWith(after)
  })
  return isExported ? [] : [`"${specifier}" is not exported by ${name}`]
}

/** @param {string} root @param {string} file @param {string} name @param {boolean} isTest @param {Workspace} workspace */
function checkOnlyFrom(root, file, name, isTest, { arrows }) {
  if (isTest) return []
  return arrows.onlyFrom.flatMap((rule) => {
    const path = relative(join(root, rule.in), file)
    const applies = !path.startsWith('..') && matches(rule.imports, name) && !rule.files.includes(path)
    return applies
      ? [`"${name}" may only be imported by ${rule.files.map((one) => join(rule.in, one)).join(', ')}`]
      : []
  })
}

/** @param {string} root @returns {Workspace} */
function readWorkspace(root) {
  return {
    arrows: readJson(join(root, 'tools', 'arrows.json')),
    packages: new Map(readPackages(root).map((pack) => [pack.manifest.name, pack])),
    rootTools: new Set(Object.keys(readJson(join(root, 'package.json')).devDependencies ?? {})),
  }
}

/** @param {string} dir @returns {string[]} */
function filesIn(dir) {
  return readdirSync(dir)
    .filter((name) => name !== 'node_modules' && name !== 'dist' && !name.startsWith('.'))
    .flatMap((name) => {
      const path = join(dir, name)
      return statSync(path).isDirectory() ? filesIn(path) : [path]
    })
}

/** @param {Manifest} manifest */
function runtimeDependencies({ dependencies, peerDependencies, optionalDependencies }) {
  return [dependencies, peerDependencies, optionalDependencies].flatMap((names) => Object.keys(names ?? {}))
}

/** @param {string} specifier */
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')

/**
 * The pattern that speaks for a name: the name itself, else the longest with `*`.
 *
 * @param {readonly string[]} patterns
 * @param {string} name
 */
function closest(patterns, name) {
  if (patterns.includes(name)) return name
  return patterns.filter((pattern) => matches(pattern, name)).sort((a, b) => b.length - a.length)[0]
}

/** @param {string} pattern @param {string} name */
const matches = (pattern, name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = checkArrows(ROOT)
  for (const problem of problems) console.error(problem)
  console.log(problems.length > 0 ? `${problems.length} violations of the arrows` : 'All arrows are as they should be')
  process.exitCode = problems.length > 0 ? 1 : 0
}
