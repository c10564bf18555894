import { everyTextCut } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { QuotedReasoning } from './quoted-reasoning.ts'

const wrapped =
  '<details type="reasoning" done="false">\n<summary>Thinking...</summary>\n> The user\n> wants > 1.\n>\n> Yes'
const bare = 'The user\nwants > 1.\n\nYes'

function read(parts: readonly string[]): string {
  const reasoning = new QuotedReasoning()
  return parts.map((part) => reasoning.push(part)).join('')
}

test('wrapper and quote marks are gone, wherever the text was cut', () => {
  for (const parts of [...everyTextCut(wrapped), [...wrapped]]) expect(read(parts), JSON.stringify(parts)).toBe(bare)
})

test('the end of a block and the wrapper of the next one are no reasoning', () => {
  const two = `${wrapped}\n</details>\n${wrapped}\n</details>\n`
  for (const parts of [[two], [...two]]) expect(read(parts)).toBe(`${bare}\n${bare}`)
})

test('reasoning without a wrapper stays as it is', () => {
  expect(read(['Well,\n', '\nyes.'])).toBe('Well,\n\nyes.')
})
