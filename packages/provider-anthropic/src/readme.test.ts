import { toFetch } from '@dragoman/core'
import { printedBy, readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { anthropic } from './index.ts'
import { answer, startAnthropic } from './test-anthropic.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using rig = await startAnthropic()
  rig.script(answer([{ text: 'Hello, world!' }]))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code
    .replace('create({})', `create({ baseUrl: '${rig.upstream.origin}' })`)
    .replace(/process\.env\.\w+ \?\? ''/, "'the-key'")
  expect(await printedBy(here, { anthropic, toFetch })).toBe(output)
})

test('all options are there, with their defaults', () => {
  const { properties = {} } = z.toJSONSchema(anthropic.options, { io: 'input' })
  const rows = readme.table('## Options')
  expect(rows.map(([name]) => name)).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'boolean' || typeof property.default !== 'string') continue
    expect(rows.find(([cell]) => cell === `\`${name}\``)?.[2]).toBe(`\`${property.default}\``)
  }
})

test('all that may be said of a model is there', () => {
  const rows = readme.table('Of a model, under')
  const { properties = {} } = z.toJSONSchema(anthropic.options, { io: 'input' })
  const { modelOptions } = properties
  const inner = typeof modelOptions === 'object' ? modelOptions.additionalProperties : undefined
  const names = typeof inner === 'object' ? Object.keys(inner.properties ?? {}) : []
  expect(rows.map(([name]) => name)).toEqual(names.map((name) => `\`${name}\``))
})

test('every fixture is named', () => {
  expect(readme.unnamedFixtures(new URL('../fixtures/', import.meta.url))).toEqual([])
})
