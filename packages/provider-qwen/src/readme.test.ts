import { readdirSync, readFileSync } from 'node:fs'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { qwen } from './index.ts'
import { qwenWeb } from './web.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example gives the output it says', async () => {
  const [, code = '', output = ''] = /```ts\n(.+?)```\n+```text\n(.+?)```/s.exec(readme) ?? []
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ reasoning: 'A cat has four legs.', text: 'Twelve.' }))
  const body = code.replace(/^import .+\n/gm, '').replace("region: 'singapore'", `$&, baseUrl: '${upstream.origin}'`)
  const lines: unknown[] = []
  const run = new Function('qwen', 'toFetch', 'console', `return (async () => { ${body} })()`)
  await run(qwen, toFetch, { log: (line: unknown) => lines.push(line) })
  expect(`${lines.join('\n')}\n`).toBe(output)
})

test('the options of both doors are in the tables', () => {
  const named = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  const names = [qwen, qwenWeb].flatMap(({ options }) => {
    return Object.keys(z.toJSONSchema(options, { io: 'input' }).properties ?? {})
  })
  expect(named).toEqual(names)
})

test('every fixture is named', () => {
  const folders = ['api', 'web'].map((folder) => readdirSync(new URL(`../fixtures/${folder}/`, import.meta.url)))
  const stems = folders.flat().map((file) => file.split('.')[0])
  expect([...new Set(stems)].filter((stem) => !readme.includes(`\`${stem}\``))).toEqual([])
})
