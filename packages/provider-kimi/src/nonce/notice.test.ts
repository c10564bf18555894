import { expect, test } from 'vitest'
import { kimiNonce, notice } from '../nonce.ts'

test('where everything goes is said at start, once', async () => {
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  const providers = [1, 2].map(() => kimiNonce.create(kimiNonce.options.parse({})))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  expect(warnings).toEqual([notice])
  await Promise.all(providers.map((provider) => provider.close()))
})
