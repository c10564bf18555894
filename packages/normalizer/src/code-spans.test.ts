import { expect, test } from 'vitest'
import { CodeSpans } from './code-spans.ts'

/** Reads text up to each `|` as one piece, and says at the end whether code is open. */
function isOpen(...pieces: readonly string[]): boolean {
  const code = new CodeSpans()
  for (const piece of pieces) code.read(piece, !piece.includes('`'))
  return code.isOpen('<')
}

test.each([
  ['plain text', false],
  ['a `b', true],
  ['a `b`', false],
  ['a ``b` c', true],
  ['a ``b` c``', false],
  ['a `b\nc', false],
  ['```\ncode', true],
  ['text\n```js\ncode `x` y', true],
  ['```\ncode\n```', false],
  ['```\ncode\n```\nmore', false],
  ['````\n```\ncode\n```\n', true],
  ['````\n```\ncode\n````\n', false],
  ['```\n```js\n', true],
  ['  ```\ncode', true],
  ['a ```b', true],
  ['a ```b\nc', false],
  ['a ```b```', false],
])('%j leaves code open: %s', (text, expected) => {
  expect(isOpen(text)).toBe(expected)
  expect(isOpen(...text.split(''))).toBe(expected)
  for (let cut = 1; cut < text.length; cut++) expect(isOpen(text.slice(0, cut), text.slice(cut))).toBe(expected)
})
