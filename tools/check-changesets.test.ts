import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkChangesets } from './check-changesets.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'changesets-'))
  write('packages/a/package.json', '{ "name": "@x/a", "version": "0.0.0" }')
  write('packages/kit/package.json', '{ "name": "kit", "version": "0.0.0", "private": true }')
  write('.changeset/a.md', "---\n'@x/a': minor\n---\n\nA is new.\n")
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

test('a package that was never released needs a changeset, a private one does not', () => {
  expect(checkChangesets(root)).toEqual([])
  rmSync(join(root, '.changeset/a.md'))
  expect(checkChangesets(root)).toEqual(['no changeset announces @x/a, which is not released yet'])
  write('packages/a/package.json', '{ "name": "@x/a", "version": "0.1.0" }')
  expect(checkChangesets(root)).toEqual([])
})

test.each([
  ["---\n'@x/b': minor\n---\n\nText\n", '@x/b, which is not published'],
  ['---\nkit: minor\n---\n\nText\n', 'kit, which is not published'],
  ["---\n'@x/a': huge\n---\n\nText\n", '"huge" for @x/a'],
  ["---\n'@x/a': minor\n---\n", 'tells users nothing'],
  ['---\n---\n\nText\n', 'names no package'],
])('the changeset %j is refused', (text, problem) => {
  write('.changeset/b.md', text)
  expect(checkChangesets(root)).toEqual([expect.stringContaining(problem)])
})

test('a branch that changes code of a package adds a changeset for it; tests are free', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@y', ...args], { cwd: root, stdio: 'ignore' })
  const commit = (path: string) => {
    write(path, String(Math.random()))
    git('add', '.')
    git('commit', '-m', path)
  }
  git('init', '-b', 'main')
  commit('packages/a/src/index.ts')
  git('checkout', '-b', 'change')
  commit('packages/a/src/index.test.ts')
  commit('packages/a/README.md')
  expect(checkChangesets(root)).toEqual([])
  commit('packages/a/src/index.ts')
  expect(checkChangesets(root)).toEqual(['this branch changes @x/a without a changeset'])
  write('.changeset/more.md', "---\n'@x/a': patch\n---\n\nBetter.\n")
  commit('another file')
  expect(checkChangesets(root)).toEqual([])
})
