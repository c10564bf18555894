import { expect, test, vi } from 'vitest'

test('where everything goes is said at start, once', async () => {
  // Once for a process, and this one may have loaded it for another test.
  vi.resetModules()
  const { kimiNonce, notice } = await import('../nonce.ts')
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  const providers = [1, 2].map(() => kimiNonce.create(kimiNonce.options.parse({})))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  expect(warnings).toEqual([notice])
  await Promise.all(providers.map((provider) => provider.close()))
})
