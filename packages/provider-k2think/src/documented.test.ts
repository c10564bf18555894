import { readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { k2think } from './index.ts'
import { k2thinkWeb } from './web.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test.each([
  ['k2think', k2think],
  ['k2thinkWeb', k2thinkWeb],
])('the README lists the options of %s', (name, { options }) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const named = readme.table(`\`${name}.create(options)\`:`).map(([option]) => option)
  expect(named).toEqual(Object.keys(properties).map((option) => `\`${option}\``))
})

test.each(['api', 'web'])('the README names every fixture of %s', (folder) => {
  expect(readme.unnamedFixtures(new URL(`../fixtures/${folder}/`, import.meta.url))).toEqual([])
})
