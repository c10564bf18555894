import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// The first example of each published package's README is run, in that package, and has to print what the text block
// under it says. One that reaches a service outside is tried in the package's own readme.test.ts, on a stand-in.

const packages = new URL('../packages/', import.meta.url)
const published = readdirSync(packages).filter(
  (name) => !JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')).private,
)
const triedHere = published.filter((name) => !existsSync(new URL(`${name}/src/readme.test.ts`, packages)))

test.each(triedHere)('the example in the README of %s prints what it says', async (name) => {
  const folder = new URL(`${name}/`, packages)
  const readme = readFileSync(new URL('README.md', folder), 'utf8')
  const [, code, output] = /```(?:ts|js)\n(.*?)```\n+```text\n(.*?)```/s.exec(readme) ?? []
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
