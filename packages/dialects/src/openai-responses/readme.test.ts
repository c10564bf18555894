import { printedBy, readReadme } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import * as messages from '../anthropic-messages/index.ts'
import * as responses from './index.ts'

const { examples } = readReadme(new URL('../../README.md', import.meta.url))

test.each(examples.map(({ code, output }, i) => ({ example: i + 1, code, output })))(
  'the README tells what its example $example prints',
  async ({ code, output }) => {
    expect(await printedBy(code, { ...responses, ...messages })).toBe(output)
  },
)
