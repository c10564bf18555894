// @ts-check

/** @typedef {NonNullable<import('tsup').Options['esbuildPlugins']>[number]} Plugin */

/**
 * Node's own modules by `getBuiltinModule` instead of `import`: an import reads every export there is, and among those
 * of `node:http` are some that load all of the undici inside Node, a tenth of a whole start.
 *
 * @returns {Plugin}
 */
export const builtIns = () => ({
  name: 'built-ins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'built-in' } : undefined,
    )
    build.onLoad({ filter: /^/, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
})
