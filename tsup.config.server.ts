import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'tsup'
import { ascii } from './tools/bundle/ascii.mjs'
import { builtIns } from './tools/bundle/built-ins.mjs'
import { deferred } from './tools/bundle/deferred.mjs'
import { publishable } from './tools/bundle/publishable.mjs'
import { slimUndici } from './tools/bundle/slim-undici.mjs'

// The server is a program: it comes with all that it needs in a few files, which load several times as fast as some
// hundreds, and `npx dragoman` fetches one package. What a start may do without is in files of its own by `import()`.
export default defineConfig({
  entry: ['src/main.ts'],
  format: ['esm'],
  noExternal: [/./],
  clean: true,
  target: 'node22',
  platform: 'node',
  removeNodeProtocol: false,
  outDir: 'dist',
  // Not minified: the lines and names of a stack trace are there to be read without a map.
  esbuildPlugins: [
    builtIns(),
    slimUndici(),
    // What Express loads for features that most starts never use.
    deferred(['body-parser', 'mime-types', 'qs', 'send', 'serve-static']),
    publishable({ license: readFileSync(join(import.meta.dirname, 'LICENSE'), 'utf8') }),
  ],
  esbuildOptions(options) {
    options.conditions = ['dragoman-source']
    // Their licences are in THIRD-PARTY-NOTICES.txt, in full.
    options.legalComments = 'none'
    // What is CommonJS asks for Node's own modules by `require`, which an ES module has not.
    options.banner = { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" }
  },
  plugins: [ascii()],
})
