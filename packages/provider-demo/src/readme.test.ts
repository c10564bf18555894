import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the example of the README prints what stands below it', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const [, code = '', output = ''] = /```js\n([\s\S]*?)```\n+```text\n([\s\S]*?)```/.exec(readme) ?? []
  expect(output).not.toBe('')
  const flags = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', '--input-type=module']
  const cwd = new URL('..', import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', code], { cwd })
  expect(stdout).toBe(output)
})
