import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// In a process of its own: the example of the section about files changes the working directory.
test('the example of files and the vault prints what it says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, code = '', output] = /## Files and the vault\n.*?```js\n(.*?)```\n+```text\n(.*?)```/s.exec(readme) ?? []
  const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-readme-'))
  try {
    const env = { ...process.env, TMPDIR: folder, TEMP: folder }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, node, { cwd, env })
    expect(stderr).toBe('')
    expect(stdout).toBe(output)
  } finally {
    await rm(folder, { recursive: true })
  }
})
