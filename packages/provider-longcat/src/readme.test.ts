import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { longcat } from './index.ts'
import { longcatWeb } from './web.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'Hello, world!' }))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace('create({})', `create({ baseUrl: '${upstream.origin}' })`)
  expect(await printedBy(here, { longcat, toFetch })).toBe(output)
})

test.each([longcat, longcatWeb])('all options of $id are there, with their defaults', ({ id, options }) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const rows = readme.table(`Of \`${id}\``)
  expect(rows.map(([name]) => name)).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'boolean' || !['string', 'boolean'].includes(typeof property.default)) continue
    expect(rows.find(([cell]) => cell === `\`${name}\``)?.[2]).toBe(`\`${property.default}\``)
  }
})

test.each(['api', 'web'])('every fixture of %s is named', (folder) => {
  expect(readme.unnamedFixtures(new URL(`../fixtures/${folder}/`, import.meta.url), `${folder}/`)).toEqual([])
})
