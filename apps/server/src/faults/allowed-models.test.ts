import { expect, test } from 'vitest'
import { clientKey, startLimited } from '../test-limits-rig.ts'

const hello = [{ role: 'user', content: 'Hello' }]

test.each([
  ['/v1/chat/completions', { model: 'dear', messages: hello }, 'model'],
  ['/v1/chat/completions', { model: 'DEAR', messages: hello }, 'model'],
  ['/v1/chat/completions', { model: 'acme/dear-up', messages: hello }, 'model'],
  ['/v1/chat/completions', { model: 'm', messages: hello, models: ['up', 'dear-up'] }, 'models[1]'],
  ['/v1/chat/completions', { model: 'm', messages: hello, web_search_options: {} }, 'web_search_options'],
  ['/v1/messages', { model: 'dear', messages: hello, max_tokens: 5 }, 'model'],
  ['/v1/messages', { model: 'm', messages: hello, max_tokens: 5, fallbacks: ['dear-up'] }, 'fallbacks[0]'],
  [
    '/v1/messages',
    { model: 'm', messages: hello, max_tokens: 5, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    'tools[0].type',
  ],
  ['/v1/messages/count_tokens', { model: 'dear', messages: hello }, 'model'],
  ['/v1/responses', { model: 'dear', input: 'Hello', store: false }, 'model'],
  ['/v1/responses', { model: 'm', input: 'Hello', store: false, tools: [{ type: 'web_search' }] }, 'tools[0].type'],
  ['/v1/completions', { model: 'dear', prompt: 'Hello' }, 'model'],
  ['/v1/completions', { model: 'm', prompt: 'Hello', models: ['dear-up'] }, 'models[0]'],
  ['/v1/embeddings', { model: 'dear', input: 'Hello' }, 'model'],
])('fault 61: %s with %j is refused for %s', async (path, body, param) => {
  await using rig = await startLimited({ models: ['m'] })
  const { status, error } = await rig.post(path, body)
  expect(status).toBe(403)
  expect(error?.message).toContain(`${param}: this key may not use`)
  if (!path.startsWith('/v1/messages')) expect(error?.param).toBe(param)
  expect(rig.upstream.requests).toEqual([])
})

test('a key with models of its own uses them, by their aliases too, and is shown no others', async () => {
  await using rig = await startLimited({ models: ['m'] })
  expect((await rig.post('/v1/chat/completions', { model: 'alias', messages: hello })).status).toBe(200)
  expect((await rig.post('/v1/messages/count_tokens', { model: 'm', messages: hello })).status).toBe(200)
  expect((await rig.post('/v1/embeddings', { model: 'm', input: 'Hello' })).status).toBe(200)
  const headers = { authorization: `Bearer ${clientKey}` }
  const list = (await (await fetch(`${rig.server.url}/v1/models`, { headers })).json()) as { data: { id: string }[] }
  expect(list.data.map(({ id }) => id)).toEqual(['m', 'alias'])
  expect((await fetch(`${rig.server.url}/v1/models/dear`, { headers })).status).toBe(404)
})
