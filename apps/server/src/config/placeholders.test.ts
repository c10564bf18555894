import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { faultOfClientKey, isPlaceholder } from './placeholders.ts'

test.each([
  'changeme',
  'Change-Me',
  'sk-xxx',
  'sk-xxxxxxxxxxxxxxxx',
  'sk-proj-...',
  'gsk_xxxxxxxx',
  'XXXX',
  'sk-your-api-key',
  'your-api-key',
  'your_openai_api_key_here',
  'YOUR_API_KEY',
  'sk-ant-your-key',
  'admin123',
  'password',
  'sk-kimi-ai-2api-default-key-please-change-me',
  '<your key>',
  '[secret]',
  'sk-****3f2a',
  '****',
  'put-your-key-here',
  '$OPENAI_API_KEY',
  ' changeme ',
])('%j is a placeholder', (value) => {
  expect(isPlaceholder(value)).toBe(true)
})

test.each([
  'sk-proj-4hXxXa9',
  'xai-1b2c3d4e5f',
  'team-key-2026',
  'EMPTY',
  'ollama',
  'pa$$word-of-mine',
  'correct horse battery staple',
  'yourself-included-17',
])('%j is not', (value) => {
  expect(isPlaceholder(value)).toBe(false)
})

test('random keys are none, however they are written', () => {
  for (let i = 0; i < 500; i++) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const key = randomBytes(24).toString(encoding)
      expect(faultOfClientKey(key), key).toBeUndefined()
      expect(isPlaceholder(`sk-${key}`), key).toBe(false)
    }
  }
})

test.each([
  ['', 'is empty'],
  ['  ', 'is empty'],
  ['changeme', 'is a placeholder, not a secret of yours'],
  ['two words', 'has a space or a letter outside ASCII, which no header can carry'],
  ['schlüssel', 'has a space or a letter outside ASCII, which no header can carry'],
])('the client key %j %s', (value, fault) => {
  expect(faultOfClientKey(value)).toBe(fault)
})
