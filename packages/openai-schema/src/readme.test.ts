import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url)

test('the example of the README prints what it says', async () => {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const [, code = '', output] = /```ts\n(.*?)```\n\n```text\n(.*?)```/s.exec(readme) ?? []
  const node = [
    '-C',
    'dragoman-source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '-e',
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...node, code], { cwd: root })
  expect(stdout).toBe(output)
})
