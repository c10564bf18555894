import { toFetch } from '@dragoman/core'
import { chatStream, printedBy, readReadme, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { qwen } from './index.ts'
import { qwenWeb } from './web.ts'

const readme = readReadme(new URL('../README.md', import.meta.url))

test('the example gives the output it says', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ reasoning: 'A cat has four legs.', text: 'Twelve.' }))
  const { code = '', output } = readme.examples[0] ?? {}
  const here = code.replace("region: 'singapore'", `$&, baseUrl: '${upstream.origin}'`)
  expect(await printedBy(here, { qwen, toFetch })).toBe(output)
})

test.each([qwen, qwenWeb])('the options of $id are in its table', ({ id, options }) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const named = readme.table(`\n\`${id}\`, whose credential`).map(([name]) => name)
  expect(named).toEqual(Object.keys(properties).map((name) => `\`${name}\``))
})

test.each(['api', 'web'])('every fixture of %s is named', (folder) => {
  expect(readme.unnamedFixtures(new URL(`../fixtures/${folder}/`, import.meta.url))).toEqual([])
})
