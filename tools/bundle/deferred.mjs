// @ts-check
import { basename, dirname, relative, resolve } from 'node:path'

/** @typedef {import('./built-ins.mjs').Plugin} Plugin */

/**
 * CommonJS packages that are loaded when one of their functions is called for the first time, and not before. Only for
 * packages of which nothing but functions is used.
 *
 * @param {readonly string[]} packages
 * @returns {Plugin}
 */
export const deferred = (packages) => ({
  name: 'deferred',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, async ({ path, pluginData, ...how }) => {
      if (pluginData === 'itself') return undefined
      const { importer, resolveDir, kind } = how
      const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: 'itself' })
      return found.errors.length > 0 ? found : { path: relative('', found.path), namespace: 'deferred' }
    })
    build.onLoad({ filter: /^/, namespace: 'deferred' }, ({ path }) => ({
      resolveDir: dirname(resolve(path)),
      contents: `
        const load = () => require('./${basename(path)}')
        module.exports = new Proxy(function () {}, {
          apply: (_, self, args) => Reflect.apply(load(), self, args),
          get: (_, name) => (...args) => load()[name](...args),
        })`,
    }))
  },
})
