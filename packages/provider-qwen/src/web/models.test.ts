import { collect } from '@dragoman/core'
import { expect, test } from 'vitest'
import { ask, providerOf, session } from './test-requests.ts'
import { startTestSite } from './test-site.ts'

test('the models of the account are listed with their variants, and a name that is one of them is taken at its word', async () => {
  await using site = await startTestSite()
  const meta = {
    chat_type: ['t2t', 'search', 't2i'],
    abilities: { thinking: true, vision: true },
    max_context_length: 262_144,
  }
  site.settings.models = {
    data: [
      { id: 'qwen3-max', info: { meta } },
      { id: 'qwen-x-thinking', info: { meta: {} } },
    ],
  }
  const provider = providerOf(site)
  const models = (await provider.models?.(session())) ?? []
  const ids = models.map(({ id }) => id)
  expect(ids.slice(0, 6)).toEqual([
    ...['qwen3-max', 'qwen3-max-thinking', 'qwen3-max-search', 'qwen3-max-image', 'qwen3-max-thinking-search'],
    'qwen-x-thinking',
  ])
  expect(ids).toEqual(expect.arrayContaining(['qwen-max', 'qwen-plus-search', 'qwen-turbo-thinking', 'qwen-max-image']))
  expect(models[0]?.context_length).toBe(262_144)
  const own = { ...ask, model: 'qwen-x-thinking' }
  await collect(provider.chat(own, session()), own)
  expect(site.asked[0].model).toBe('qwen-x-thinking')
  await provider.close()
})

test('where the list fails, the names that were known serve on; a refused session is told', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  site.settings.once.set('/api/models', { status: 500 })
  expect(((await provider.models?.(session())) ?? []).map(({ id }) => id)).toContain('qwen-long-search')
  await expect(provider.models?.(session({ token: 'ended' }))).rejects.toMatchObject({ code: 'credential_rejected' })
  await provider.close()
})

test('a name that the account does not have is refused before a chat is opened, once its models are known', async () => {
  await using site = await startTestSite()
  site.settings.models = { data: [{ id: 'qwen3-max' }] }
  const provider = providerOf(site)
  const named = (model: string) => collect(provider.chat({ ...ask, model }, session()), { ...ask, model })
  await named('qwen9-max')
  await provider.models?.(session())
  await expect(named('qwen9-max')).rejects.toMatchObject({ code: 'model_not_found', param: 'model' })
  for (const model of ['qwen3-max-search', 'qwen', 'qwen-max-latest', 'qwen-deep-research']) await named(model)
  expect(site.asked).toHaveLength(5)
  await provider.close()
})
