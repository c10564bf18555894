import { readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { kimi } from './index.ts'
import { kimiNonce } from './nonce.ts'
import { kimiWeb } from './web.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test.each([kimi, kimiWeb, kimiNonce])('the README lists the options of $id', ({ id, options }) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const named = readme.table(`\n\`${id}\`, `).map(([name]) => name)
  expect(named).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
})

test.each(['api', 'web'])('the README names every fixture of %s', (folder) => {
  expect(readme.unnamedFixtures(new URL(`../fixtures/${folder}/`, import.meta.url), `${folder}/`)).toEqual([])
})
