import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from './index.ts'

// Put together here, so that no scanner takes them for keys of ours.
const tail = 'A1b2C3d4E5f6G7h8I9j0'

test.each([
  [`Incorrect API key provided: sk-proj-${tail}.`, 'Incorrect API key provided: [redacted]'],
  ['Incorrect API key provided: sk-abc**********wxyz', 'Incorrect API key provided: [redacted]'],
  [`key AIza${tail} is bad`, 'key [redacted] is bad'],
  [`use gsk_${tail} or hf_${tail}`, 'use [redacted] or [redacted]'],
  ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
  [`token eyJhbGciOi.eyJzdWIiOi.${tail} expired`, 'token [redacted] expired'],
  ['{"access_token":"abcdefgh12345","n":1}', '{"access_token":"[redacted]","n":1}'],
  ['?api_key=abcdefgh12345&x=1', '?api_key=[redacted]&x=1'],
  ['Cookie: sid=1; theme=dark\nnext', 'Cookie: [redacted]\nnext'],
  ['mail ops+x@example.co.uk now', 'mail [redacted] now'],
  ['see http://10.0.0.3:8080/admin?x=1 now', 'see [internal url] now'],
  ['see http://model-svc:8000/v1, ok', 'see [internal url] ok'],
  ['see https://api.prod.internal/v1', 'see [internal url]'],
  ['see http://[::1]:80/', 'see [internal url]'],
  ['dial tcp 10.1.2.3:443: refused', 'dial tcp [internal address]: refused'],
  ['see https://user:pw@example.com/a', 'see https://[redacted]@example.com/a'],
  ['see https://example.com/a?key=1 now', 'see https://example.com/a?[redacted] now'],
  [`hash ${'0123456789abcdef'.repeat(2)}`, 'hash [redacted]'],
  [`blob ${tail}${tail}`, 'blob [redacted]'],
])('%j becomes %j', (text, expected) => {
  expect(redact(text, [])).toBe(expected)
})

test.each([
  'The model `claude-sonnet-4-5-20250929` does not exist',
  'gpt-4o-mini-2024-07-18, meta-llama/Llama-3.3-70B-Instruct-Turbo and MBZUAI-IFM/K2-Think-v2',
  'Invalid value for max_tokens: 4096. Expected an integer <= 2048.',
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  'See https://platform.openai.com/docs/guides/error-codes.',
  'prompt is too long: 205123 tokens > 200000 maximum',
  'messages.1.content.0.tool_use_id: Extra inputs are not permitted',
  'Unexpected token < in JSON at position 0',
  '模型不存在，请检查模型代码。',
  'request id 8d2b6e1a-2f7c-4d0e-9a3b-5c6d7e8f9a0b',
])('%j stays as it is', (text) => {
  expect(redact(text, [])).toBe(text)
})

test('a secret goes in every form in which a server echoes it', () => {
  const secret = 'pässword/+"1 2'
  const forms = [
    secret,
    JSON.stringify(secret),
    encodeURIComponent(secret),
    Buffer.from(`${secret}`).toString('base64'),
  ]
  for (const form of forms) {
    const shown = redact(`before ${form} after`, [secret])
    expect(shown).toMatch(/^before .*\[redacted\].* after$/)
    expect(shown).not.toContain(form.slice(0, -3))
  }
})

test('a secret goes that the end of the text cuts through', () => {
  const secret = 'correct horse battery'
  for (let length = 5; length <= secret.length; length++) {
    expect(redact(`it is ${secret.slice(0, length)}`, [secret])).toBe('it is [redacted]')
  }
})

test('what is too short to be a secret is left alone', () => {
  expect(redact('the region is eu', ['eu', '', ' '])).toBe('the region is eu')
})

test('no text takes more than linear time', () => {
  const hostile = ['a', 'a-', 'eyJ-', 'http://', 'http://a', 'x@', 'aB1', '.a', 'token=', 'cookie', '10.', ' ', '"']
  // A pattern that goes back to where it began would need minutes for one of these.
  for (const piece of hostile) redact(piece.repeat(262_144 / piece.length), ['secret-secret'])
})

test('no given secret is ever left, wherever it stands', () => {
  const secret = fc.string({ minLength: 6, maxLength: 40 }).filter((text) => text.trim().length >= 6)
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
      fc.pre(!'[redacted]'.includes(value.trim()))
      expect(redact(before + value + after, [value])).not.toContain(value.trim())
    }),
  )
})
