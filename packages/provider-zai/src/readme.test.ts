import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { zai } from './index.ts'
import { zaiWeb } from './web.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example gives the output it says', async () => {
  const [, code = '', output = ''] = /```ts\n(.+?)```\n+```text\n(.+?)```/s.exec(readme) ?? []
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ reasoning: 'Simple.', text: 'It is 4.' }))
  const body = code
    .replace(/^import .+\n/gm, '')
    .replace('zai.create({})', `zai.create({ baseUrl: '${upstream.origin}' })`)
    .replace('process.env.ZAI_API_KEY', "'the-key'")
  const lines: unknown[] = []
  const run = new Function('zai', 'toFetch', 'OpenAI', 'console', `return (async () => { ${body} })()`)
  await run(zai, toFetch, OpenAI, { log: (value: unknown) => lines.push(inspect(value)) })
  expect(`${lines.join('\n')}\n`).toBe(output)
})

test.each([
  ['## Options of `zai`', zai.options],
  ['## chat.z.ai, by your own session', zaiWeb.options],
])('the options under %s are those of the schema', (heading, options) => {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input' })
  const told = Object.entries(properties).map(([name, property]) => {
    if (typeof property === 'boolean') return ''
    const { type, description } = property
    const kind = property.enum?.map((value) => `\`${value}\``).join(' \\| ') ?? type
    return `| \`${name}\` | ${kind === 'array' ? 'array of strings' : kind} | ${description} |`
  })
  const section = readme.split(`${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows.slice(0, told.length)).toEqual(told)
})

test.each(['api', 'web'])('every fixture of %s is named', (door) => {
  const stems = readdirSync(new URL(`../fixtures/${door}/`, import.meta.url)).map((file) => file.split('.')[0])
  expect([...new Set(stems)].filter((stem) => !readme.includes(`\`${stem}\``))).toEqual([])
})
