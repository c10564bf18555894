// @ts-check
// What each provider can do, from the titles of its tests: `covers <config id> <feature>: …`. What it cannot do, with
// the reason, stands in coverage.json beside them.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readJson } from './workspace.mjs'

const features = ['text', 'stream', 'reasoning', 'tools', 'images', 'files', 'search', 'usage', 'sessions', 'errors']

/**
 * @typedef {{ readonly tests: readonly string[], readonly reason: string | undefined }} Cell
 */

/** The page, in Markdown. Throws where a provider leaves a feature open, or claims it both ways. */
export function providersPage() {
  const doors = globSync('packages/provider-*', { cwd: ROOT }).sort().flatMap(doorsOf)
  const sections = doors.map(({ id, folder, cells }) => {
    const rows = features.map((feature) => row(id, feature, cells.get(feature)))
    return `## ${id}\n\n[${folder}](../${folder})\n\n| | | shown by, or why not |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Providers

What each provider can do, and which test shows it. Made from the titles of the tests; \`npm run up -- generate\` makes it
anew, and CI fails where it is not up to date. The tests run against fakes that are as strict as the services are known
to be; no service was tried live. What is known of the services behind \`openai-compatible\` stands in its
[README](../packages/provider-openai-compatible/README.md).

${sections.join('\n')}`
}

/**
 * @param {string} id
 * @param {string} feature
 * @param {Cell | undefined} cell
 */
function row(id, feature, cell) {
  const { tests = [], reason } = cell ?? {}
  if (tests.length > 0 && reason !== undefined) throw new Error(`${id}: ${feature} has a test and a reason why not`)
  if (tests.length === 0 && reason === undefined) throw new Error(`${id}: ${feature} has neither a test nor a reason`)
  // One test of each is enough to be found by; what a table of cases fills in is left open.
  return `| ${feature} | ${reason === undefined ? 'yes' : 'no'} | ${shownTitle(reason ?? tests[0] ?? '')} |`
}

/**
 * A title as a cell of a table.
 *
 * @param {string} title
 */
export function shownTitle(title) {
  return title.replace(/%[sdijo]|\$[\w.]+/g, '…').replaceAll('|', '\\|')
}

/** @param {string} folder */
function doorsOf(folder) {
  /** @type {Map<string, Map<string, { tests: string[], reason: string | undefined }>>} */
  const doors = new Map()
  const cellOf = (/** @type {string} */ id, /** @type {string} */ feature) => {
    if (!features.includes(feature)) throw new Error(`${folder}: ${feature} is no feature of the table`)
    const cells = doors.get(id) ?? new Map()
    doors.set(id, cells)
    const cell = cells.get(feature) ?? { tests: [], reason: undefined }
    cells.set(feature, cell)
    return cell
  }
  for (const file of globSync(`${folder}/src/**/*.test.ts`, { cwd: ROOT }).sort()) {
    const titles = readFileSync(join(ROOT, file), 'utf8').matchAll(/(['"`])covers ([\w-]+) (\w+): (.+?)\1/g)
    for (const [, , id = '', feature = '', title = ''] of titles) cellOf(id, feature).tests.push(title)
  }
  const reasons = join(ROOT, folder, 'coverage.json')
  if (existsSync(reasons)) {
    for (const [id, no] of Object.entries(readJson(reasons))) {
      for (const [feature, reason] of Object.entries(no)) cellOf(id, feature).reason = reason
    }
  }
  return [...doors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, cells]) => ({ id, folder, cells }))
}
