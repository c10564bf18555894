import { createGateway, staticCredentials } from '@dragoman/gateway'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { rawRequest, startTestServer } from '../test-server.ts'

const provider = {
  id: 'a',
  async *chat({ model }: { model: string }) {
    yield* chatChunks({ text: model, usage: tokens(1, 2) })
  },
  close: async () => {},
}

async function start() {
  const entry = { id: 'a', provider, credentials: staticCredentials([]) }
  const models = [
    { name: 'm', deployments: [{ entry, model: 'usual' }] },
    { name: 'm', variant: 'fast', deployments: [{ entry, model: 'quick' }] },
  ]
  return startTestServer(provider, { gateway: createGateway({ providers: [entry], models }) })
}

const headers = { 'content-type': 'application/json' }
const chat = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
const message = JSON.stringify({ ...JSON.parse(chat), max_tokens: 9 })

test.each([
  ['/v1/chat/completions', chat, 'usual'],
  ['/fast/v1/chat/completions', chat, 'quick'],
  ['/fast/v1/v1/chat/completions?beta=true', chat, 'quick'],
  ['/fast/v1/messages', message, 'quick'],
  ['/fast/v1/responses', '{"model":"m","input":"x"}', 'quick'],
])('%s is served by the model of its variant', async (path, body, served) => {
  await using server = await start()
  const answer = await rawRequest(server.url, { method: 'POST', path, headers, body })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain(`"${served}"`)
})

test('a variant that no model has is nowhere', async () => {
  await using server = await start()
  const answer = await rawRequest(server.url, {
    method: 'POST',
    path: '/slow/v1/chat/completions',
    headers,
    body: chat,
  })
  expect(answer.status).toBe(404)
})
