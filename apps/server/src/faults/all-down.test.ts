import { Secret } from '@dragoman/core'
import { staticCredentials } from '@dragoman/gateway'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import { errorReply, handClock, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { startTestServer } from '../test-server.ts'
import { clients } from './test-dialect-clients.ts'
import { post } from './test-dialect-rig.ts'
import { ClientAnswer } from './test-stream-rig.ts'

// Three dead targets: the clients of each dialect learn at once, and in its words, who was asked and how that ended.

const count = 200
const ids = ['a', 'b', 'c']

test.each(clients)(
  'fault 14: all targets are down: 200 clients of $dialect get a clear error with the trail, at once, and raise no storm',
  async (client) => {
    await using upstream = await startFakeUpstream()
    upstream.always(errorReply(503, 'Overloaded'))
    const clock = handClock()
    const entries = ids.map((id) => ({
      id,
      provider: openAICompatible.create({ baseUrl: upstream.origin }, { clock }),
      credentials: staticCredentials([{ id: `key-${id}`, values: { apiKey: new Secret('sk-of-this-test') } }]),
    }))
    const deployments = entries.map((entry) => ({ entry, model: 'up' }))
    await using server = await startTestServer(undefined, {
      gatewayOptions: { providers: entries, models: [{ name: 'm', deployments }], clock },
    })
    const headers = { 'x-gateway-attempts': 'on' }
    const ask = async (_: unknown, at: number) => {
      const stream = at % 2 === 0
      const answer = new ClientAnswer(await post(server.port, client.path, client.ask({ stream }), { headers }))
      return { status: answer.status, trail: answer.headers['x-gateway-attempts'], text: await answer.whole() }
    }

    // The clock stands still: nobody waits for a repeat, since there are as many targets as attempts.
    const answers = await Promise.all(Array.from({ length: count }, ask))
    for (const { status, trail, text } of answers) {
      const { message } = client.readError(JSON.parse(text))
      expect(status).toBe(502)
      for (const id of ids) {
        expect(message).toContain(`${id}: upstream_unavailable`)
        expect(trail).toContain(`${id}/up key-${id} upstream_unavailable 0ms`)
      }
      expect(message).not.toContain('sk-')
    }
    expect(upstream.requests).toHaveLength(ids.length * count)
    await Promise.all(entries.map(({ provider }) => provider.close()))
  },
)
