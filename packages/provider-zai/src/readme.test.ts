import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme, startFakeUpstream } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { zai } from './index.ts'
import { zaiWeb } from './web.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ reasoning: 'Simple.', text: 'It is 4.' }))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace('zai.create({})', `zai.create({ baseUrl: '${upstream.origin}' })`)
  const process = { env: { ZAI_API_KEY: 'the-key' } }
  expect(await printedBy(here, { zai, toFetch, OpenAI, process })).toBe(output)
})

test.each([
  ['## Options of `zai`', zai.options],
  ['## chat.z.ai, by your own session', zaiWeb.options],
])('the options under %s are those of the schema', (heading, options) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const rows = Object.entries(properties).map(([name, property]) => {
    if (typeof property === 'boolean') return []
    const { type, description } = property
    const kind = property.enum?.map((value) => `\`${value}\``).join(' | ') ?? type
    return [`\`${name}\``, kind === 'array' ? 'array of strings' : kind, description]
  })
  expect(readme.table(heading)).toEqual(rows)
})

test.each(['api', 'web'])('every fixture of %s is named', (folder) => {
  expect(readme.unnamedFixtures(new URL(`../fixtures/${folder}/`, import.meta.url))).toEqual([])
})
