// @ts-check
import { posix } from 'node:path'

/** What npm runs on a user's machine without being asked. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare']

const NOTICES = 'THIRD-PARTY-NOTICES.txt'

// A bundle is published from the folder into which it was built, a library beside it.
const BELONGS = /^(dist\/.*|[\w-]+\.js|package\.json|README\.md|LICENSE|THIRD-PARTY-NOTICES\.txt)$/

// esbuild writes above each module where it is from.
const FOREIGN = /^\/\/ .*\bnode_modules\//m

/**
 * What is wrong with the files of a package as it would be published.
 *
 * @param {ReadonlyMap<string, string>} files path inside the package -> text
 * @param {string} root of the repository on this machine
 * @returns {string[]}
 */
export function checkContents(files, root) {
  const problems = []
  for (const path of ['package.json', 'README.md', 'LICENSE']) {
    if (!files.has(path)) problems.push(`${path} is missing`)
  }
  for (const [path, text] of files) {
    if (!BELONGS.test(path)) problems.push(`${path} does not belong there`)
    if (/\.test\.|^(dist\/)?test-/.test(path)) problems.push(`${path} is a test`)
    if (text.includes(root)) problems.push(`${path} names a folder of this machine`)
    if (path.endsWith('.js') && FOREIGN.test(text) && !files.has(NOTICES)) {
      problems.push(`${path} has foreign code in it, and there is no ${NOTICES}`)
    }
    if (path.endsWith('.map')) problems.push(...checkSourceMap(path, JSON.parse(text)))
  }
  const manifest = files.get('package.json')
  return manifest === undefined ? problems : [...problems, ...checkManifest(JSON.parse(manifest))]
}

/**
 * A map speaks of this package's own sources and brings them along: there is no src in the package.
 *
 * @param {string} path
 * @param {{ sources: readonly string[], sourceRoot?: string, sourcesContent?: readonly (string | null)[] }} map
 */
function checkSourceMap(path, { sources, sourceRoot = '', sourcesContent = [] }) {
  return sources.flatMap((source, i) => {
    const inPackage = posix.join(posix.dirname(path), sourceRoot, source)
    const isOutside = inPackage.startsWith('..') || inPackage.includes('node_modules') || /^(\/|\w+:)/.test(source)
    if (isOutside) return [`${path} points outside of the package, to ${source}`]
    return sourcesContent[i] ? [] : [`${path} has not the text of ${source}`]
  })
}

/** @param {import('../workspace.mjs').Manifest} manifest */
function checkManifest(manifest) {
  const problems = INSTALL_SCRIPTS.filter((name) => manifest.scripts?.[name]).map((name) => `it has a script "${name}"`)
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  for (const [name, range] of Object.entries(runtime)) {
    if (/^(workspace|catalog|file|link):/.test(range)) problems.push(`it depends on ${name} as ${range}`)
  }
  if (JSON.stringify(manifest.exports ?? {}).includes('dragoman-source')) {
    problems.push('its exports still have the condition dragoman-source, whose files are not in it')
  }
  return problems
}
