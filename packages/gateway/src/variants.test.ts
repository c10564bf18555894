import type { Provider } from '@dragoman/core'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'
import { noSignal } from './test-one-provider.ts'

const provider: Provider = {
  id: 'a',
  async *chat({ model }) {
    yield* chatChunks({ text: model, usage: tokens(1, 2) })
  },
  close: async () => {},
}
const entry = { id: 'a', provider, credentials: staticCredentials([]) }
const gateway = createGateway({
  providers: [entry],
  models: [
    { name: 'm', deployments: [{ entry, model: 'usual' }] },
    { name: 'm', variant: 'fast', deployments: [{ entry, model: 'quick' }] },
    { name: 'other', deployments: [{ entry, model: 'other' }] },
    { name: 'only-fast', variant: 'fast', deployments: [{ entry, model: 'quickest' }] },
  ],
})

test.each([
  ['m', undefined, 'usual'],
  ['m', 'fast', 'quick'],
  ['other', 'fast', 'other'],
  ['only-fast', 'fast', 'quickest'],
  ['a/x', 'fast', 'x'],
])('%s for the variant %s is served by %s', async (model, variant, served) => {
  const request = { model, messages: [{ role: 'user' as const, content: 'x' }] }
  const answer = await gateway.chat(request, { signal: noSignal, variant })
  expect(answer.route?.model).toBe(served)
})

test.each([
  ['only-fast', undefined],
  ['m', 'slow'],
])('%s for the variant %s is nobody’s', async (model, variant) => {
  const request = { model, messages: [{ role: 'user' as const, content: 'x' }] }
  await expect(gateway.chat(request, { signal: noSignal, variant })).rejects.toMatchObject({ code: 'model_not_found' })
})

test('each variant lists what it can be asked for', async () => {
  const idsOf = async (variant?: string) => (await gateway.models(noSignal, variant)).map(({ id }) => id)
  expect([...gateway.variants]).toEqual(['fast'])
  expect(await idsOf()).toEqual(['m', 'other'])
  expect(await idsOf('fast')).toEqual(['m', 'only-fast', 'other'])
})
