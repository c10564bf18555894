// @ts-check

/** @typedef {import('./built-ins.mjs').Plugin} Plugin */

/**
 * Of undici what `packages/upstream` imports: the package as a whole brings fetch, caches, mocks and web sockets along,
 * and loads all of them. Whatever else is imported from it fails the build, and then belongs in this list.
 *
 * @returns {Plugin}
 */
export const slimUndici = () => ({
  name: 'slim-undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'slim-undici',
      pluginData: resolveDir,
    }))
    build.onLoad({ filter: /^/, namespace: 'slim-undici' }, ({ pluginData }) => ({
      resolveDir: pluginData,
      contents: `
        import api from 'undici/lib/api/index.js'
        import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
        // As undici's own index does; connections through a proxy are made by one of these.
        Object.assign(Dispatcher.prototype, api)
        export { default as errors } from 'undici/lib/core/errors.js'
        export { default as Client } from 'undici/lib/dispatcher/client.js'
        export { default as Pool } from 'undici/lib/dispatcher/pool.js'
        export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js'`,
    }))
  },
})
