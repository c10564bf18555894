import { Secret } from '@dragoman/core'
import { chatStream, errorReply, startFakeUpstream } from '@dragoman/testkit'
import pino from 'pino'
import { expect, test } from 'vitest'
import { loadPresets, providerTypes } from './compose.ts'
import { testFolder } from './config/test-folder.ts'
import { RequestCounts } from './request-counts.ts'
import { serve } from './serve.ts'

const folder = testFolder()

test('requests that were aborted count neither for nor against the rate', () => {
  const counts = new RequestCounts()
  expect(counts.summary().success_rate).toBeUndefined()
  counts.add({})
  counts.add({})
  counts.add({ error: { code: 'upstream_unavailable', message: '' } })
  counts.add({ error: { code: 'aborted', message: '' } })
  expect(counts.summary()).toEqual({
    total_requests: 4,
    successful_requests: 2,
    failed_requests: 1,
    aborted_requests: 1,
    success_rate: 0.6667,
  })
})

test.each([true, false])(
  'a server counts what it answers, for who has the admin key (log.access: %s)',
  async (access) => {
    await using upstream = await startFakeUpstream()
    upstream.script(chatStream({ text: 'x' }))
    upstream.always(errorReply(400))
    const settings = await folder.load(
      `
server: { port: 0 }
log: { access: ${access} }
providers:
  up: { type: openai-compatible, baseUrl: '${upstream.origin}/v1', credentials: [{ apiKey: sk-a-real-looking-key }] }
`,
      { factories: providerTypes, presets: loadPresets },
    )
    const key = 'an-admin-key-of-this-test'
    const server = await serve(settings, pino({ enabled: false }), { key: new Secret(key) })
    try {
      const statuses = []
      for (const model of ['up/m', 'up/m', 'up/m']) {
        const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] })
        statuses.push((await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body })).status)
      }
      expect(statuses).toEqual([200, 400, 400])
      const health = async (headers: Record<string, string>) =>
        (await fetch(`${server.url}/health`, { headers })).json() as Promise<Record<string, unknown>>
      expect(await health({ 'x-admin-key': key })).toMatchObject({
        statistics: {
          total_requests: 3,
          successful_requests: 1,
          failed_requests: 2,
          aborted_requests: 0,
          success_rate: 0.3333,
        },
        tokens: { providers: [{ id: 'up', last_success_at: expect.stringMatching(/^\d{4}-.*Z$/) }] },
      })
      expect(await health({})).not.toHaveProperty('statistics')
    } finally {
      await server.stop()
    }
  },
)
