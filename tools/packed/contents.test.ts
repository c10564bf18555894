import { expect, test } from 'vitest'
import { checkContents } from './contents.mjs'

const map = (source: string, text: string | null = 'x') => JSON.stringify({ sources: [source], sourcesContent: [text] })

function problems(changes: Record<string, string | undefined> = {}): string[] {
  const files = {
    'package.json': '{ "name": "a", "exports": { ".": { "default": "./dist/index.js" } } }',
    'README.md': '# a',
    LICENSE: 'MIT',
    'dist/index.js': '',
    'dist/index.js.map': map('../src/index.ts'),
    ...changes,
  }
  return checkContents(
    new Map(Object.entries(files).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]]))),
    '/home/me/dragoman',
  )
}

test('what was built, with its manifest, README and licence, is in order', () => {
  expect(problems()).toEqual([])
})

test('a bundle is in order with the licences of what is in it', () => {
  const bundle = { 'main.js': '// ../../node_modules/.pnpm/zod@4.6.7/node_modules/zod/index.js\n' }
  expect(problems({ ...bundle, 'THIRD-PARTY-NOTICES.txt': 'zod' })).toEqual([])
  expect(problems(bundle)).toEqual([expect.stringContaining('has foreign code in it')])
})

test.each([
  [{ LICENSE: undefined }, 'LICENSE is missing'],
  [{ 'README.md': undefined }, 'README.md is missing'],
  [{ 'src/index.ts': '' }, 'src/index.ts does not belong'],
  [{ 'dist/index.test.js': '' }, 'is a test'],
  [{ 'test-server.js': '' }, 'is a test'],
  [{ 'dist/index.js': '// /home/me/dragoman/node_modules_of/x.js' }, 'names a folder of this machine'],
  [{ 'dist/index.js.map': map('../../core/src/index.ts') }, 'points outside'],
  [{ 'dist/index.js.map': map('../node_modules/zod/index.js') }, 'points outside'],
  [{ 'dist/index.js.map': map('/home/me/index.ts') }, 'points outside'],
  [{ 'dist/index.js.map': map('../src/index.ts', null) }, 'has not the text'],
  [{ 'package.json': '{ "scripts": { "postinstall": "x" } }' }, 'a script "postinstall"'],
  [{ 'package.json': '{ "dependencies": { "b": "workspace:^" } }' }, 'b as workspace:^'],
  [{ 'package.json': '{ "peerDependencies": { "b": "catalog:" } }' }, 'b as catalog:'],
  [{ 'package.json': '{ "exports": { ".": { "dragoman-source": "x" } } }' }, 'condition dragoman-source'],
])('%j is refused', (changes, problem) => {
  expect(problems(changes)).toEqual([expect.stringContaining(problem)])
})
