import { jsonReply } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { kimi } from './index.ts'
import { start, user } from './test-moonshot.ts'

describe('a client that speaks Messages', () => {
  test('has it go on as it is, to the part of the platform that speaks them', async () => {
    await using rig = await start(jsonReply({ type: 'message', content: [] }))
    const body = '{"model":"kimi-k3","stream":false}'
    const answer = await rig.provider.relay?.({ dialect: 'anthropic-messages', body, isStreamed: false }, rig.call)
    expect(answer).toMatchObject({ kind: 'whole', json: { type: 'message' } })
    const { path, headers, text } = await rig.upstream.received(1)
    expect({ path, text }).toEqual({ path: '/anthropic/v1/messages', text: body })
    expect(headers.authorization).toBe('Bearer sk-test')
  })

  test.each([
    ['plain', {}, undefined],
    ['a temperature', { temperature: 1 }, 'temperature is left out'],
    ['a search', { web_search_options: {} }, 'the search is run here'],
  ])('what stands against it: %s', (_, more, obstacle) => {
    const provider = kimi.create(kimi.options.parse({}))
    const request = { model: 'kimi-k3', messages: user('Hi'), ...more }
    expect(provider.relayObstacle?.(request, 'anthropic-messages')).toBe(obstacle)
    expect(provider.relayObstacle?.(request, 'openai-chat')).toBeDefined()
    const coding = kimi.create(kimi.options.parse({ baseUrl: 'https://api.kimi.com/coding/v1' }))
    expect(coding.relayObstacle?.(request, 'anthropic-messages')).toBe('it is not known where Messages are spoken')
  })
})
