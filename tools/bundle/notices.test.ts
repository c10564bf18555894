import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { notices } from './notices.mjs'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'notices-'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function install(name: string, manifest: object, files: Record<string, string> = {}): string {
  const folder = join(root, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  const all = { 'package.json': JSON.stringify({ name, version: '1.2.3', ...manifest }), ...files }
  for (const [file, text] of Object.entries(all)) writeFileSync(join(folder, file), text)
  return join(folder, 'lib', 'index.js')
}

const bundled = (bytes: Record<string, number>) => {
  const inputs = Object.fromEntries(Object.entries(bytes).map(([path, bytesInOutput]) => [path, { bytesInOutput }]))
  return notices({ outputs: { 'main.js': { inputs } } })
}

test('the full licence of each package that is in the bundle, in the order of their names', () => {
  const zod = install('zod', { license: 'MIT' }, { LICENSE: 'Do as you like' })
  const scoped = install('@a/b', { license: 'Apache-2.0' }, { 'license.txt': 'Keep this', NOTICE: 'By B' })
  const text = bundled({ [zod]: 5, [scoped]: 5, 'src/main.ts': 5 })
  expect(text).toMatch(/@a\/b 1\.2\.3 \(Apache-2\.0\)\n\nBy B\n\nKeep this\n.*zod 1\.2\.3 \(MIT\)\n\nDo as you like\n/s)
})

test('a package of which nothing is left after tree-shaking is not named', () => {
  expect(bundled({ [install('zod', { license: 'MIT' })]: 0 })).not.toContain('zod')
})

test('a licence that is only named is passed on with the author', () => {
  expect(bundled({ [install('short', { license: 'ISC', author: { name: 'Ann' } })]: 1 })).toContain(
    'short 1.2.3 (ISC)\n\nCopyright: Ann',
  )
})

test('foreign code without any licence fails the build', () => {
  expect(() => bundled({ [install('odd', {})]: 1 })).toThrow('odd 1.2.3 has no licence')
})
