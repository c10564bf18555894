import { Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import { tokenName } from './token-name.ts'

const KEY = 'sk-0123456789abcdef-x7Qd'

test.each([
  ['an address', { email: 'jane@example.com', password: KEY }, 'j…@example.com'],
  ['a short address', { email: 'j@example.com' }, 'j…@example.com'],
  ['an address with two signs', { email: '"a@b"@example.com' }, '"…@example.com'],
  ['a user', { username: 'jane', password: KEY }, 'j…'],
  ['a long key', { apiKey: KEY, region: 'eu' }, '…x7Qd'],
  ['a key of 20 characters', { apiKey: '01234567890123456789' }, '…6789'],
  ['a short key', { apiKey: '0123456789012345678' }, '…'],
  ['nothing', {}, '…'],
  ['an empty address and a key', { email: ' ', apiKey: KEY }, '…x7Qd'],
  ['control characters', { email: 'jane\u001b@exa\r\nmple.com' }, 'j…@example.com'],
  ['a first character of two units', { username: '𝒥ane' }, '𝒥…'],
  ['a key with a line end', { pem: `${KEY}\n` }, '…x7Qd'],
])('%s', (_, values, name) => {
  const secrets = Object.entries(values).map(([key, value]): [string, Secret] => [key, new Secret(value)])
  expect(tokenName(Object.fromEntries(secrets))).toBe(name)
})
