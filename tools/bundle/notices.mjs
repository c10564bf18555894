// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {object} Metafile What esbuild says went into what.
 * @property {Record<string, { inputs: Record<string, { bytesInOutput: number }> }>} outputs
 */

const LICENSE_FILE = /^(licen[cs]e|copying|notice)\b/i

/**
 * The licences of all foreign code in a bundle. Throws where a package has none: such code must not be passed on.
 *
 * @param {Metafile} metafile
 * @returns {string}
 */
export function notices(metafile) {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  const folders = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? packageFolder(path) : []))
  const texts = new Map([...new Set(folders)].map(notice))
  const sorted = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text)
  return ['This program contains the following packages, each under its own licence.\n', ...sorted].join(RULE)
}

const RULE = `\n${'-'.repeat(80)}\n\n`

/** @param {string} path of a file, `node_modules/.../node_modules/<package>/...` for foreign ones */
function packageFolder(path) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]
  return folder === undefined || path.includes(':') ? [] : [folder]
}

/** @param {string} folder @returns {[name: string, text: string]} */
function notice(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file))
  const full = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim())
  if (full.length === 0 && typeof license !== 'string') throw new Error(`${name} ${version} has no licence`)
  // Some packages name their licence without bringing its text.
  const named = full.length > 0 ? [] : [`Copyright: ${author?.name ?? author ?? `the authors of ${name}`}`]
  const title = `${name} ${version}${typeof license === 'string' ? ` (${license})` : ''}`
  return [`${name}@${version}`, `${[title, ...full, ...named].join('\n\n')}\n`]
}
