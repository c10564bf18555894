import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme, startFakeUpstream, tokens } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openrouter } from './index.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'It is 4.', usage: { ...tokens(12, 5), cost: 0.00042 } }))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace('openrouter.create({', `$& baseUrl: '${upstream.origin}',`)
  const process = { env: { OPENROUTER_API_KEY: 'the-key' } }
  expect(await printedBy(here, { openrouter, toFetch, OpenAI, process })).toBe(output)
})

test('the options are those of the schema', () => {
  const { properties = {} } = z.toJSONSchema(openrouter.options, { io: 'input' })
  const rows = Object.entries(properties).map(([name, property]) => {
    if (typeof property === 'boolean') return []
    const { type, items, description } = property
    const isOfObjects = typeof items === 'object' && 'type' in items && items.type === 'object'
    return [`\`${name}\``, type === 'array' ? `array of ${isOfObjects ? 'objects' : 'strings'}` : type, description]
  })
  expect(readme.table('## Options')).toEqual(rows)
})

test('every fixture is named', () => {
  expect(readme.unnamedFixtures(new URL('../fixtures/', import.meta.url))).toEqual([])
})
