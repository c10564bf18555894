import { describe, expect, test } from 'vitest'
import { headerLength, newSalt, seal, unseal } from './seal.ts'
import { vaultKey } from './vault-key.ts'

const key = vaultKey('1'.repeat(64))
const salt = Buffer.alloc(16, 3)
const text = '{"sessions":{"a":"µ"}}'

test.each([
  ['32 bytes', key],
  ['a passphrase', vaultKey('correct horse battery staple')],
])('what is sealed with %s opens with it', async (_, given) => {
  const bytes = await seal(text, given, 'zai', salt)
  expect(await unseal(bytes, given, 'zai')).toEqual({ kind: 'opened', text, salt })
})

test('the sealed text cannot be seen, and no two seals are alike', async () => {
  const [one, two] = [await seal(text, key, 'zai', salt), await seal(text, key, 'zai', salt)]
  expect(one.includes('sessions')).toBe(false)
  // After the salt, which is the file's.
  expect(one.subarray(22, headerLength)).not.toEqual(two.subarray(22, headerLength))
  expect(one.subarray(headerLength)).not.toEqual(two.subarray(headerLength))
  expect(newSalt()).not.toEqual(newSalt())
})

describe('what does not open', () => {
  test('another key, of either kind', async () => {
    const bytes = await seal(text, key, 'zai', salt)
    expect(await unseal(bytes, vaultKey('2'.repeat(64)), 'zai')).toEqual({ kind: 'locked' })
    expect(await unseal(bytes, vaultKey('correct horse battery staple'), 'zai')).toEqual({ kind: 'locked' })
  })

  test('the file of another pool', async () => {
    expect(await unseal(await seal(text, key, 'zai', salt), key, 'k2think')).toEqual({ kind: 'locked' })
  })

  test('a later version, which is named', async () => {
    const bytes = await seal(text, key, 'zai', salt)
    bytes[4] = 2
    expect(await unseal(bytes, key, 'zai')).toEqual({ kind: 'unknown-version', version: 2 })
  })

  test('any byte flipped, in any of its bits', async () => {
    const bytes = await seal(text, key, 'zai', salt)
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const spoilt = Buffer.from(bytes)
        spoilt[at] = (spoilt[at] ?? 0) ^ (1 << bit)
        const { kind } = await unseal(spoilt, key, 'zai')
        expect(kind, `byte ${at}, bit ${bit}`).toBe(
          at < 4 ? 'damaged' : at === 4 ? 'unknown-version' : at === 5 && bit > 0 ? 'damaged' : 'locked',
        )
      }
    }
  })

  test('cut at any byte, or with one too many', async () => {
    const bytes = await seal(text, key, 'zai', salt)
    for (let length = 0; length < bytes.length; length++) {
      const { kind } = await unseal(bytes.subarray(0, length), key, 'zai')
      expect(kind, `${length} bytes`).toBe(length < headerLength + 16 ? 'damaged' : 'locked')
    }
    expect(await unseal(Buffer.concat([bytes, Buffer.alloc(1)]), key, 'zai')).toEqual({ kind: 'locked' })
  })
})
