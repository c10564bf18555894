import { expect, test } from 'vitest'
import { sign } from './sign.ts'

const call = { requestId: '11111111-2222-4333-8444-555555555555', userId: 'user-0001', timestamp: 1760000000123 }

test.each([
  ['Hello', '4e40bb1a03745162759dc8850d68a6f0adb920486baf89d6a514b22d95c8741f'],
  ['你好', 'aa8e680f4499ca76fdaa898abb4c824875d42ea47c15fbc60ee08effe819d160'],
  ['', 'f08642e0a2f0c0691dd1896484669699875670508b27ff97b31069c7c1bfb8f2'],
])('the signature of %j', (prompt, signature) => {
  expect(sign('test-root-key', { ...call, prompt })).toBe(signature)
})

test('the key changes every five minutes', () => {
  const inWindow = { ...call, prompt: 'Hello' }
  const signatures = [0, 1, 300_000].map((later) => sign('k', { ...inWindow, timestamp: 1760000000123 + later }))
  expect(new Set(signatures).size).toBe(3)
})
