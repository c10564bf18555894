import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import * as core from '@dragoman/core'
import { expect, test } from 'vitest'
import { TokenPool } from './pool.ts'

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')
const readme = read('../README.md')
const [own = ''] = readme.split('\n## Files')
const examples = [...own.matchAll(/```ts\n((?:(?!```).)+?)```\n+```text\n(.+?)```/gs)]

test.each(examples.map(([, code = '', output = '']) => [code, output]))('example %#', async (code, output) => {
  const body = stripTypeScriptTypes(code.replace(/^import .+\n/gm, ''))
  const lines: string[] = []
  const names = { ...core, TokenPool, console: { log: (...parts: unknown[]) => lines.push(`${parts.join(' ')}\n`) } }
  await new Function(...Object.keys(names), `return (async () => { ${body} })()`)(...Object.values(names))
  expect(lines.join('')).toBe(output)
})

test('there are examples, and the options are those that there are', () => {
  expect(examples.length).toBeGreaterThanOrEqual(2)
  const [, options = ''] = /interface TokenPoolOptions {(.+?)\n}/s.exec(read('./pool-options.ts')) ?? []
  const [, table = ''] = /`new TokenPool\(options\)`:\n\n(.+?)\n\n/s.exec(readme) ?? []
  const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(named).toEqual([...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name))
})
