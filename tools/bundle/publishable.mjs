// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { notices } from './notices.mjs'

/** @typedef {import('./built-ins.mjs').Plugin} Plugin */

/**
 * Makes of what is built a package that can be published from its folder: with a manifest that names what is needed at
 * run time, which is nothing, and with the licences of what is inside.
 *
 * @param {{ license: string }} options
 * @returns {Plugin}
 */
export const publishable = ({ license }) => ({
  name: 'publishable',
  setup(build) {
    const { outdir = 'dist' } = build.initialOptions
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
    build.onEnd(({ metafile, errors }) => {
      if (!metafile || errors.length > 0) return
      mkdirSync(outdir, { recursive: true })
      const write = (/** @type {string} */ name, /** @type {string} */ text) => writeFileSync(join(outdir, name), text)
      write('package.json', `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`)
      write('README.md', readFileSync('README.md', 'utf8'))
      write('LICENSE', license)
      write('THIRD-PARTY-NOTICES.txt', notices(metafile))
    })
  },
})

/** @param {Record<string, unknown> & { bin: Record<string, string> }} manifest of the sources */
function publishedManifest({ scripts, dependencies, devDependencies, files, bin, ...rest }) {
  return {
    ...rest,
    bin: Object.fromEntries(Object.entries(bin).map(([name, path]) => [name, path.replace(/^(\.\/)?dist\//, '')])),
  }
}
