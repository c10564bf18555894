import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('every row of docs/faults.md has a test of its number, and every such test a row', () => {
  const rows = [...readFileSync(join(root, 'docs/faults.md'), 'utf8').matchAll(/^\| (\d+) \|/gm)].map(([, row]) => row)
  const tests = globSync(['apps/server/src/faults/*.test.ts', 'packages/*/src/*.test.ts'], { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/['"`]fault (\d+):/g)].map(([, row]) => row))
  expect([...new Set(tests)].sort(byNumber)).toEqual(rows.sort(byNumber))
})

function byNumber(a = '', b = ''): number {
  return Number(a) - Number(b)
}
