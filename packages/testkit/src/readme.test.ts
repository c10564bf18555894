import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { printedBy, readReadme } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-readme-'))
const path = join(folder, 'README.md')
writeFileSync(
  path,
  `# Acme

\`\`\`ts
import { two } from 'acme'

const one: number = 1
console.log(one + two, { three: 'x' })
console.log('%s', 'done')
\`\`\`

\`\`\`text
3 { three: 'x' }
done
\`\`\`

\`\`\`ts
console.log('nobody says what this prints')
\`\`\`

## Options

The first of all is this:

| Option  | Type         |
| ------- | ------------ |
| \`size\` | \`a\` \\| \`b\` |
| \`name\` |              |

| Quirk | Fixture |
|---|---|
| It stutters | \`api/stutter\` |
`,
)
const readme = readReadme(pathToFileURL(path))
afterAll(() => rmSync(folder, { recursive: true }))

test('an example is a block with the output under it', () => {
  expect(readme.examples).toMatchObject([{ output: "3 { three: 'x' }\ndone\n" }])
})

test('an example prints what the console would show', async () => {
  const [example] = readme.examples
  expect(await printedBy(example?.code ?? '', { two: 2 })).toBe(example?.output)
})

test('a table is the first one behind a text, and has the cells that a reader sees', () => {
  expect(readme.table('## Options')).toEqual([
    ['`size`', '`a` | `b`'],
    ['`name`', ''],
  ])
  expect(readme.table('`name`')).toEqual([['It stutters', '`api/stutter`']])
  expect(readme.table('## Nothing')).toEqual([])
})

test('a fixture is named by its stem, as code', () => {
  for (const name of ['stutter.http', 'stutter.case.json', 'mute.case.json']) writeFileSync(join(folder, name), '')
  const fixtures = pathToFileURL(`${folder}/`)
  expect(readme.unnamedFixtures(fixtures, 'api/').sort()).toEqual(['README', 'mute'])
  expect(readme.unnamedFixtures(fixtures).sort()).toEqual(['README', 'mute', 'stutter'])
})
