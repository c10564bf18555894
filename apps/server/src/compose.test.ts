import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { compose, loadPresets, providerTypes } from './compose.ts'
import { loadSettings } from './config/load.ts'
import type { Settings } from './config/settings.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-compose-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function settingsOf(yaml: string) {
  writeFileSync(join(folder, 'dragoman.yaml'), yaml)
  return loadSettings({ env: {}, cwd: folder, factories: providerTypes, presets: loadPresets })
}

const composed = (settings: Settings) => compose(settings, { log: pino({ enabled: false }) })

const messages = [{ role: 'user' as const, content: 'x' }]
const { signal } = new AbortController()

test("a deployment with options of its own is called with them, over its provider's and with its credentials", async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'x' }))
  const { gateway } = await composed(
    await settingsOf(`
providers:
  up:
    type: openai-compatible
    baseUrl: ${upstream.origin}/v1
    headers: { x-base: 'yes' }
    credentials: [{ apiKey: sk-own-key-of-up }]
models:
  - name: plain
    deployments: [{ provider: up, model: m }]
  - name: changed
    deployments: [{ provider: up, model: m, tokenLimitField: max_tokens, dropFields: [seed] }]
`),
  )
  const request = { messages, max_completion_tokens: 5, seed: 1 }
  await gateway.chat({ ...request, model: 'plain' }, { signal })
  const changed = await gateway.chat({ ...request, model: 'changed' }, { signal })
  const [plain, other] = upstream.requests
  expect(plain?.json).toMatchObject({ max_completion_tokens: 5, seed: 1 })
  expect(other?.json).toMatchObject({ max_tokens: 5 })
  expect(other?.json).not.toHaveProperty('seed')
  expect(changed.route?.dropped).toEqual(['seed'])
  for (const { headers } of upstream.requests) {
    expect(headers).toMatchObject({ 'x-base': 'yes', authorization: 'Bearer sk-own-key-of-up' })
  }
  await gateway.close()
})

test('with keys an unknown model is a 404; without, the default model serves it', async () => {
  const { gateway: open } = await composed(await settingsOf('providers: { demo: { type: demo } }'))
  expect((await open.chat({ model: 'gpt-4', messages }, { signal })).route).toMatchObject({
    name: 'demo',
    provider: 'demo',
  })
  const { gateway: keyed } = await composed(
    await settingsOf('clients: { keys: [sk-a-real-looking-key] }\nproviders: { demo: { type: demo } }'),
  )
  await expect(keyed.chat({ model: 'gpt-4', messages }, { signal })).rejects.toMatchObject({ code: 'model_not_found' })
})

test('providers are told where media may be fetched from', async () => {
  const demo = await providerTypes.demo?.()
  if (!demo) throw new Error('There is no demo')
  const create = vi.spyOn(demo, 'create')
  await composed(await settingsOf('providers: { demo: { type: demo } }\noutbound: { allow: [10.1.0.0/16] }'))
  expect(create.mock.calls.map(([, environment]) => environment?.mediaFrom)).toEqual([['10.1.0.0/16']])
  create.mockRestore()
})

test('a provider reached through a loopback proxy that is written for it goes through it', async () => {
  await using proxy = await startFakeUpstream()
  proxy.always(chatStream({ text: 'through' }))
  const { gateway } = await composed(
    await settingsOf(`
providers: { up: { type: openai-compatible, baseUrl: 'http://upstream.invalid/v1', proxy: '${proxy.origin}' } }
`),
  )
  await gateway.chat({ model: 'up/m', messages }, { signal })
  expect(proxy.requests.map(({ path, headers }) => [path, headers.host])).toEqual([
    ['http://upstream.invalid/v1/chat/completions', 'upstream.invalid'],
  ])
  await gateway.close()
})

test('a model that an API and a session both list is the API’s, whichever stands first', async () => {
  const { gateway } = await composed(
    await settingsOf(`
providers:
  account: { type: k2think-web, credentials: [{ token: token-of-my-own-account }] }
  api: { type: k2think, credentials: [{ apiKey: sk-own-key-of-k2think }] }
`),
  )
  const plan = await gateway.plan('MBZUAI-IFM/K2-Think', signal)
  expect(plan?.targets.map(({ entry }) => entry.id)).toEqual(['api'])
  await gateway.close()
})
