import { readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { orionWeb } from './index.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the README lists the options', () => {
  const { properties = {} } = z.toJSONSchema(orionWeb.options, { io: 'input' })
  const named = readme.table('## Options').map(([name]) => name)
  expect(named).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
})

test('the README names every fixture', () => {
  expect(readme.unnamedFixtures(new URL('../fixtures/', import.meta.url))).toEqual([])
})
