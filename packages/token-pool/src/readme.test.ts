import { readFileSync } from 'node:fs'
import * as core from '@dragoman/core'
import { printedBy, readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { TokenPool } from './pool.ts'

const { examples, table } = readReadme(new URL('../README.md', import.meta.url))

test.each(examples)('example %#', async ({ code, output }) => {
  expect(await printedBy(code, { ...core, TokenPool })).toBe(output)
})

test('there are examples, and the options are those that there are', () => {
  expect(examples.length).toBeGreaterThanOrEqual(2)
  const source = readFileSync(new URL('./pool-options.ts', import.meta.url), 'utf8')
  const [, options = ''] = /interface TokenPoolOptions {(.+?)\n}/s.exec(source) ?? []
  const names = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => `\`${name}\``)
  expect(table('`new TokenPool(options)`:').map(([name]) => name)).toEqual(names)
})
