// @ts-check
// What users of a package will notice is told in a changeset: for a package that has never been released, one that
// announces it; on a branch, one for each package whose code the branch changes.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, readJson, readPackages } from './workspace.mjs'

/**
 * @param {string} root
 * @returns {string[]} one line for each fault
 */
export function checkChangesets(root) {
  const packages = readPackages(root).filter(({ manifest }) => !manifest.private)
  const names = new Set(packages.map(({ manifest }) => manifest.name))
  const changesets = readChangesets(root)
  const problems = changesets.flatMap((changeset) => checkChangeset(changeset, names))

  const told = new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)))
  for (const { dir, manifest } of packages) {
    const isNew = readJson(join(root, dir, 'package.json')).version === '0.0.0'
    if (isNew && !told.has(manifest.name))
      problems.push(`no changeset announces ${manifest.name}, which is not released yet`)
  }

  const changed = filesOfThisBranch(root)
  const toldHere = new Set(
    changesets.filter(({ file }) => changed.includes(file)).flatMap(({ releases }) => releases.map(({ name }) => name)),
  )
  for (const { dir, manifest } of packages) {
    const isChanged = changed.some((file) => file.startsWith(`${dir}/src/`) && !file.includes('.test.'))
    if (isChanged && !toldHere.has(manifest.name))
      problems.push(`this branch changes ${manifest.name} without a changeset`)
  }
  return problems
}

/**
 * @typedef {object} Changeset
 * @property {string} file relative to the root
 * @property {readonly { name: string, bump: string }[]} releases
 * @property {string} text
 */

/** @param {string} root @returns {Changeset[]} */
function readChangesets(root) {
  const dir = join(root, '.changeset')
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.md') && file !== 'README.md') : []
  return files.map((file) => {
    const [, front = '', text = ''] = /^---\n(.*?)\n?---\n(.*)$/s.exec(readFileSync(join(dir, file), 'utf8')) ?? []
    const releases = front.split('\n').flatMap((line) => {
      const [, name, bump] = /^['"]?([^'":]+)['"]?:\s*(\S+)$/.exec(line) ?? []
      return name && bump ? [{ name, bump }] : []
    })
    return { file: `.changeset/${file}`, releases, text: text.trim() }
  })
}

/** @param {Changeset} changeset @param {ReadonlySet<string>} names */
function checkChangeset({ file, releases, text }, names) {
  const problems = releases.flatMap(({ name, bump }) => [
    ...(names.has(name) ? [] : [`${file} names ${name}, which is not published from here`]),
    ...(/^(major|minor|patch)$/.test(bump) ? [] : [`${file} says "${bump}" for ${name}: major, minor or patch`]),
  ])
  if (releases.length === 0) problems.push(`${file} names no package`)
  if (text === '') problems.push(`${file} tells users nothing`)
  return problems
}

/**
 * The files that differ from where this branch left main; none on main itself, or where there is no history.
 *
 * @param {string} root
 * @returns {string[]}
 */
function filesOfThisBranch(root) {
  /** @param {string[]} args */
  const git = (...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  for (const main of ['origin/main', 'main']) {
    try {
      return git('diff', '--name-only', git('merge-base', 'HEAD', main), 'HEAD')
        .split('\n')
        .filter(Boolean)
    } catch {
      // no such branch here, or no git at all
    }
  }
  return []
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = checkChangesets(ROOT)
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log('The changesets tell what has to be told')
  process.exitCode = problems.length > 0 ? 1 : 0
}
