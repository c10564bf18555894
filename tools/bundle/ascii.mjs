// @ts-check

/** @typedef {NonNullable<import('tsup').Options['plugins']>[number]} Plugin */

/**
 * A single character beyond ASCII, be it in a comment, can make V8 keep all of a file's text with two bytes for each.
 * esbuild escapes them in strings; what it leaves are comments and regular expressions, where an escape means the same.
 *
 * @returns {Plugin}
 */
export const ascii = () => ({
  name: 'ascii',
  renderChunk: (code) => ({
    code: code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  }),
})
