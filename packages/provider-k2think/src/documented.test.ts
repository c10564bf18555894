import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { k2think } from './index.ts'
import { k2thinkWeb } from './web.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test.each([k2think, k2thinkWeb])('the README lists the options of $id', ({ id, options }) => {
  const [, table = ''] = readme.split(id === 'k2think' ? '`k2think.create(options)`:' : '`k2thinkWeb.create(options)`:')
  const rows = table.trimStart().split('\n\n', 1)[0]?.split('\n').slice(2) ?? []
  const names = rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1])
  expect(names).toEqual(Object.keys(z.toJSONSchema(options, { io: 'input' }).properties ?? {}))
})

test.each(['api', 'web'])('the README names every fixture of %s', (door) => {
  const stems = readdirSync(new URL(`../fixtures/${door}/`, import.meta.url)).map((file) => file.split('.')[0])
  expect([...new Set(stems)].filter((stem) => !readme.includes(`\`${stem}\``))).toEqual([])
})
