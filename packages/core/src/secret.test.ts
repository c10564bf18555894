import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from './secret.ts'

test('a secret shows itself to nobody who does not ask for it', () => {
  const secret = new Secret('sk-canary')
  const shown = [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret }), inspect(secret)]
  for (const text of shown) expect(text).not.toContain('canary')
  expect(JSON.stringify(structuredClone({ ...secret }))).not.toContain('canary')
  expect(secret.reveal()).toBe('sk-canary')
})
