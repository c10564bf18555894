import type { Usage } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { addUsage, estimateUsage, readUsage, utf8Length } from './usage.ts'

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

test.each<[who: string, reported: Usage, prompt: number, completion: number, reasoning: number | undefined]>([
  ['a service that counts right', told(20, 198, 218, { reasoning: 100 }), 20, 198, 100],
  ['Gemini, which counts thoughts in the total alone', told(20, 198, 623), 20, 603, 405],
  ['Gemini on Vertex and older Grok, thoughts beside the completion', told(21, 0, 81, { reasoning: 60 }), 21, 60, 60],
  ['one that counts the cache beside the prompt', told(10, 5, 1_015, { read: 600, written: 400 }), 1_010, 5, undefined],
  ['one whose total nobody understands', told(10, 5, 100, { reasoning: 3 }), 10, 5, 3],
  ['one whose total is too small', told(10, 5, 3), 10, 5, undefined],
])('%s', (_, reported, prompt, completion, reasoning) => {
  const usage = readUsage(reported)
  expect(usage).toMatchObject({ prompt_tokens: prompt, completion_tokens: completion })
  expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(reasoning)
})

test.each<[what: string, a: object, b: object, sum: object]>([
  ['both tell it', { cost: 0.25 }, { cost: 0.5 }, { cost: 0.75 }],
  ['xAI', { cost_in_usd_ticks: 10 }, { cost_in_usd_ticks: 5 }, { cost_in_usd_ticks: 15 }],
  ['Perplexity', { cost: { total_cost: 0.25 } }, { cost: { total_cost: 0.5 } }, { cost: { total_cost: 0.75 } }],
  ['one tells it', { cost: 0.25 }, {}, {}],
  ['the other tells it', {}, { cost_in_usd_ticks: 5, estimated_cost: 1 }, {}],
])('what two calls were charged: %s', (_, a, b, sum) => {
  const both = { ...told(2, 4, 6), prompt_tokens_details: expect.anything(), completion_tokens_details: undefined }
  expect(addUsage({ ...told(1, 2, 3), ...a }, { ...told(1, 2, 3), ...b })).toEqual({ ...both, ...sum })
})

function told(
  prompt: number,
  completion: number,
  total: number,
  { reasoning, read, written }: { reasoning?: number; read?: number; written?: number } = {},
): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: reasoning === undefined ? undefined : { reasoning_tokens: reasoning },
  }
}
