import { expect, test } from 'vitest'
import { countTokens } from './count-tokens.ts'

const count = (content: unknown, fields: object = {}) =>
  countTokens({ model: 'm', messages: [{ role: 'user', content }], ...fields })
const image = (bytes: readonly number[], mediaType = 'image/png') => ({
  type: 'image',
  source: { type: 'base64', media_type: mediaType, data: btoa(String.fromCharCode(...bytes)) },
})

test('a token for every four bytes of system, tools and messages', () => {
  const text = 'ä'.repeat(200)
  const before = count('Hi')
  expect(before).toBe(1)
  expect(count(text)).toBe(100)
  expect(count('Hi', { system: text })).toBe(101)
  expect(count('Hi', { tools: [{ name: 'f', description: text, input_schema: {} }] })).toBeGreaterThan(100)
  const turn = { role: 'assistant', content: [{ type: 'thinking', thinking: text, signature: '' }] }
  expect(count('Hi', { messages: [{ role: 'user', content: 'Hi' }, turn] })).toBe(101)
})

test('max_tokens is not asked for, and what is bad is refused as in messages', () => {
  expect(() => countTokens({ model: 'm' })).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'messages' }),
  )
})

const size = [0, 0, 3, 0xe8, 0, 0, 1, 0xf4] // 1000 x 500
const frame = [0xff, 0xc2, 0, 17, 8, 1, 0xf4, 3, 0xe8, 3]
test.each([
  ['PNG', [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, ...size]],
  ['GIF', [0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0xe8, 3, 0xf4, 1]],
  ['JPEG', [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 3, 0, ...frame]],
  ['lossy WebP', [...riff('VP8 '), 0, 0, 0, 0x9d, 1, 0x2a, 0xe8, 3, 0xf4, 1]],
  ['lossless WebP', [...riff('VP8L'), 0x2f, 0xe7, 0xc3, 0x7c, 0, 0]],
  ['extended WebP', [...riff('VP8X'), 0, 0, 0, 0, 0xe7, 3, 0, 0xf3, 1, 0]],
])('a %s costs by its size', (_, bytes) => {
  const padded = [...bytes, ...Array.from({ length: 12 }, () => 0)]
  expect(count([image(padded)])).toBe(Math.ceil((1000 * 500) / 750))
})

test.each([
  [
    'a large one',
    image([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 99, 0, 0, 0, 99, 0]),
  ],
  ['an unknown one', image([1, 2, 3])],
  ['a cut one', image([0xff, 0xd8, 0xff])],
  ['one by its address', { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }],
])('%s costs what an image costs at most', (_, block) => {
  expect(count([block])).toBe(1600)
})

test('a file costs by its bytes', () => {
  const data = 'A'.repeat(4000)
  const block = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } }
  expect(count([block])).toBeGreaterThanOrEqual(750)
  expect(count([block])).toBeLessThan(760)
})

function riff(kind: string): number[] {
  return [...`RIFF\0\0\0\0WEBP${kind}\0\0\0\0`].map((letter) => letter.charCodeAt(0))
}
