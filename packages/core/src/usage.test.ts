import { expect, test } from 'vitest'
import { estimateUsage, utf8Length } from './usage.ts'

test.each(['', 'abc', 'é', '€', '😀', 'a😀é€', '日本語'])('%j is as long as its UTF-8', (text) => {
  expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
})

test('an estimate counts text and tools, not images', () => {
  const url = `data:image/png;base64,${'A'.repeat(100_000)}`
  const estimate = estimateUsage(
    {
      model: 'm',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: '12345678' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    },
    5,
  )
  expect(estimate).toEqual({ prompt_tokens: 2, completion_tokens: 2, total_tokens: 4, estimated: true })
})
