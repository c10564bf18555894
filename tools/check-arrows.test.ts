import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkArrows } from './check-arrows.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'arrows-'))
  write('package.json', { devDependencies: { vitest: '1' } })
  write('tools/arrows.json', {
    packages: {
      core: ['zod'],
      kit: ['core'],
      'provider-*': ['core', 'zod'],
      'provider-plain': [],
      server: ['*'],
    },
    typesOnly: { 'provider-a': ['zod'] },
    onlyFrom: [{ imports: 'provider-*', in: 'apps/server', files: ['src/compose.ts'] }],
  })
  pack('packages/core', { name: 'core', exports: { '.': './src/index.ts', './deep': './src/deep.ts' } })
  pack('packages/kit', { name: 'kit', private: true, exports: { '.': './src/index.ts' } })
  pack('packages/provider-a', { name: 'provider-a', dependencies: { core: '1' }, exports: { '.': './src/index.ts' } })
  pack('apps/server', { name: 'server', dependencies: { 'provider-a': '1' } })
  write('packages/core/src/index.ts', 'export const one = 1')
  write('packages/provider-a/src/index.ts', "import { one } from 'core'\nexport const two = one + 1")
  write('apps/server/src/compose.ts', "import { two } from 'provider-a'\nexport const three = two + 1")
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const pack = (dir: string, manifest: object) => write(join(dir, 'package.json'), manifest)

function addTo(path: string, text: string): string[] {
  write(path, text)
  return checkArrows(root)
}

test('the directions that are declared and allowed pass', () => {
  expect(checkArrows(root)).toEqual([])
})

test('a dependency against the arrows is refused, in every section that reaches users', () => {
  for (const section of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    pack('packages/core', { name: 'core', [section]: { 'provider-a': '1' }, exports: { '.': './src/index.ts' } })
    expect(addTo('packages/core/src/x.ts', "import 'provider-a'")).toEqual([
      expect.stringContaining('core must not depend on provider-a'),
    ])
  }
})

test('a dependency that nothing imports is refused, tests do not count', () => {
  pack('packages/core', { name: 'core', dependencies: { zod: '1' }, exports: { '.': './src/index.ts' } })
  expect(checkArrows(root)).toEqual([expect.stringContaining('nothing imports zod')])
  expect(addTo('packages/core/src/x.test.ts', "import 'zod'")).toHaveLength(1)
  expect(addTo('packages/core/src/x.ts', "import 'zod'")).toEqual([])
})

test('what is allowed for its types only is not loaded', () => {
  pack('packages/provider-a', { name: 'provider-a', dependencies: { core: '1', zod: '1' }, exports: { '.': './x.ts' } })
  expect(addTo('packages/provider-a/src/x.ts', "import type { ZodType } from 'zod'")).toEqual([])
  expect(addTo('packages/provider-a/src/x.ts', "export type Z = import('zod').ZodType")).toEqual([])
  for (const code of ["import { z } from 'zod'", "import { type Z } from 'zod'", "const z = import('zod')"]) {
    expect(addTo('packages/provider-a/src/x.ts', code)).toEqual([expect.stringContaining('for types only')])
  }
  expect(addTo('packages/provider-a/src/x.test.ts', "import { z } from 'zod'")).toHaveLength(1) // that of x.ts
})

test('what tests need is free', () => {
  pack('packages/core', { name: 'core', devDependencies: { kit: '1' }, exports: { '.': './src/index.ts' } })
  expect(addTo('packages/core/src/x.test.ts', "import 'kit'\nimport { test } from 'vitest'")).toEqual([])
  expect(addTo('packages/core/src/test-rig.ts', "import 'kit'")).toEqual([])
})

test('a new provider needs no line, and a line of its own goes before the pattern', () => {
  pack('packages/provider-new', { name: 'provider-new', dependencies: { core: '1' } })
  expect(addTo('packages/provider-new/src/index.ts', "import 'core'")).toEqual([])
  pack('packages/provider-plain', { name: 'provider-plain', peerDependencies: { core: '1' } })
  expect(checkArrows(root)).toEqual([expect.stringContaining('provider-plain must not depend on core')])
})

test('a package without any line is refused', () => {
  pack('packages/new', { name: 'new' })
  expect(checkArrows(root)).toEqual([expect.stringContaining('new is not in tools/arrows.json')])
})

test('a published package does not depend on a private one', () => {
  pack('apps/server', { name: 'server', dependencies: { 'provider-a': '1', kit: '1' } })
  expect(addTo('apps/server/src/app.ts', "import 'kit'")).toEqual([
    expect.stringContaining('must not depend on kit, which is private'),
  ])
})

test.each([
  ["import 'undeclared'", '"undeclared" is not among the dependencies'],
  ["import type { A } from 'undeclared'", '"undeclared" is not among the dependencies'],
  ["export type B = import('undeclared').B", '"undeclared" is not among the dependencies'],
  ["const load = () => import('undeclared')", '"undeclared" is not among the dependencies'],
  ["import 'vitest'", '"vitest" is not among the dependencies'],
  ["import 'core/src/index.ts'", '"core/src/index.ts" is not exported by core'],
  ["import '../../core/src/index.ts'", 'leaves the package'],
  ["import '../../core/src/test-rig.ts'", 'leaves the package'],
  ["import 'provider-a'", 'is the package itself'],
  ["import 'fs'", 'write "node:fs"'],
  ["import './test-rig.ts'", 'is for tests only'],
  ["import './x.test.ts'", 'is for tests only'],
  ["export * from './one.ts'", '"export *" hides'],
  ["export { one } from 'core'", 're-exports "core"'],
  ["export type { One } from 'core'", 're-exports "core"'],
  ["import { one } from 'core'\nexport { one as uno }", 're-exports "core"'],
])('%s is refused', (code, problem) => {
  expect(addTo('packages/provider-a/src/x.ts', code)).toEqual([expect.stringContaining(problem)])
})

test('a test may stand on what the tests of another package stand on, and on nothing else of it', () => {
  expect(addTo('packages/provider-a/src/x.test.ts', "import '../../core/src/test-rig.ts'")).toEqual([])
  expect(addTo('packages/provider-a/src/y.test.ts', "import '../../core/src/index.ts'")).toEqual([
    expect.stringContaining('leaves the package'),
  ])
})

test.each([["import 'node:fs'"], ["import 'core/deep'"], ["import './one.ts'"], ["export { one } from './one.ts'"]])(
  '%s is allowed',
  (code) => {
    expect(addTo('packages/provider-a/src/x.ts', code)).toEqual([])
  },
)

test('tests import only what the package or the root declares, and nothing of another package from within', () => {
  expect(addTo('packages/core/src/x.test.ts', "import 'undeclared'")).toHaveLength(1)
  expect(addTo('packages/core/src/x.test.ts', "import '../../kit/src/index.ts'")).toHaveLength(1)
})

test('only compose.ts names providers in the server, and tests may', () => {
  expect(addTo('apps/server/src/app.test.ts', "import 'provider-a'")).toEqual([])
  expect(addTo('apps/server/src/app.ts', "import 'provider-a'")).toEqual([
    expect.stringContaining('may only be imported by apps/server/src/compose.ts'),
  ])
})

test.each(['utils.ts', 'helpers/one.ts', 'common.ts', 'shared/one.ts', 'misc.test.ts', 'Util.ts'])(
  'a file %s is refused by its name',
  (name) => {
    expect(addTo(join('packages/core/src', name), '')).toEqual([expect.stringContaining('says nothing')])
  },
)

test('what is fetched or built is not looked at', () => {
  expect(addTo('packages/core/node_modules/utils/index.ts', '')).toEqual([])
  expect(addTo('packages/core/dist/common.js', '')).toEqual([])
})
