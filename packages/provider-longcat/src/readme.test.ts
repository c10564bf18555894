import { readdirSync, readFileSync } from 'node:fs'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { longcat } from './index.ts'
import { longcatWeb } from './web.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example gives the output it says', async () => {
  const [, code = '', output = ''] = /```ts\n(.+?)```\n+```text\n(.+?)```/s.exec(readme) ?? []
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'Hello, world!' }))
  const body = code.replace(/^import .+\n/gm, '').replace('create({})', `create({ baseUrl: '${upstream.origin}' })`)
  const lines: unknown[] = []
  const run = new Function('longcat', 'toFetch', 'console', `return (async () => { ${body} })()`)
  await run(longcat, toFetch, { log: (line: unknown) => lines.push(line) })
  expect(`${lines.join('\n')}\n`).toBe(output)
})

test.each([longcat, longcatWeb])('all options of $id are there, with their defaults', ({ id, options }) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const section = readme.split(`Of \`${id}\``)[1]?.split(/\nOf |\n## /)[0] ?? ''
  const rows = section.split('\n').map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  const named = rows.map(([, name = '']) => name).filter((name) => name.startsWith('`'))
  expect(named).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'boolean' || !['string', 'boolean'].includes(typeof property.default)) continue
    expect(rows.find(([, cell]) => cell === `\`${name}\``)?.[3]).toBe(`\`${property.default}\``)
  }
})

test.each(['api', 'web'])('every fixture of %s is named', (folder) => {
  const stems = readdirSync(new URL(`../fixtures/${folder}/`, import.meta.url)).map((file) => file.split('.')[0])
  const unnamed = [...new Set(stems)].filter((stem) => !readme.includes(`\`${folder}/${stem}\``))
  expect(unnamed).toEqual([])
})
