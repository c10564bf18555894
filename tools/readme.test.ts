import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// The first TypeScript example of each published package's README is run, in that package, and has to print what the
// text block under it says.

const packages = new URL('../packages/', import.meta.url)
const published = readdirSync(packages).filter(
  (name) => !JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')).private,
)

test.each(published)('the example in the README of %s prints what it says', async (name) => {
  const folder = new URL(`${name}/`, packages)
  const readme = readFileSync(new URL('README.md', folder), 'utf8')
  const [, code, output] = /```ts\n(.*?)```\n+```text\n(.*?)```/s.exec(readme) ?? []
  if (code === undefined) expect.fail('There is no example with its output')
  const node = [
    '-C',
    'dragoman-source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '-e',
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...node, code], { cwd: folder })
  expect(stdout).toBe(output)
})
