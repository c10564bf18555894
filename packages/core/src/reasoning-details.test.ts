import type { ReasoningDetail } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { ReasoningDetails } from './reasoning-details.ts'

function joined(...pieces: ReasoningDetail[]): ReasoningDetail[] {
  const details = new ReasoningDetails()
  for (const piece of pieces) details.add(piece)
  return details.list()
}

test('pieces of one index and type are one detail, with the signature that came last', () => {
  const pieces: ReasoningDetail[] = [
    { type: 'reasoning.text', index: 0, text: 'Let me ' },
    { type: 'reasoning.summary', index: 1, summary: 'It ' },
    { type: 'reasoning.text', index: 0, text: 'think.' },
    { type: 'reasoning.summary', index: 1, summary: 'thinks.' },
    { type: 'reasoning.text', index: 0, signature: 'c2lnbmVk' },
  ]
  expect(joined(...pieces)).toEqual([
    { type: 'reasoning.text', index: 0, text: 'Let me think.', signature: 'c2lnbmVk' },
    { type: 'reasoning.summary', index: 1, summary: 'It thinks.' },
  ])
})

test('what is encrypted under the index of a text stands beside it', () => {
  const text: ReasoningDetail = { type: 'reasoning.text', index: 0, text: 'Let me think.' }
  const encrypted: ReasoningDetail = { type: 'reasoning.encrypted', index: 0, data: 'ZW5jcnlwdGVk', id: 'rs_1' }
  expect(joined(text, encrypted)).toEqual([text, encrypted])
  expect(joined(encrypted, text)).toEqual([encrypted, text])
})

test('details without an index stand alone', () => {
  const text: ReasoningDetail = { type: 'reasoning.text', text: 'Let me think.' }
  expect(joined(text, { ...text, index: null }, text)).toEqual([text, { ...text, index: null }, text])
})
