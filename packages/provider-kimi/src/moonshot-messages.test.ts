import { errorReply, jsonReply } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { kimi } from './index.ts'
import { start, user } from './test-moonshot.ts'

describe('a client that speaks Messages', () => {
  const relayed = {
    dialect: 'anthropic-messages' as const,
    body: '{"model":"kimi-k3","stream":true}',
    isStreamed: true,
  }

  test('gets the events of the platform as they came, up to their end', async () => {
    const events = [
      'data: {"type":"message_start","text":"message_stop"}\n\n',
      'data: {"type":"message_stop"}\n\n',
      'data: {"type":"late"}\n\n',
    ]
    await using rig = await start({ headers: { 'content-type': 'text/event-stream' }, body: events })
    const answer = await rig.provider.relay?.(relayed, rig.call)
    if (answer?.kind !== 'events') expect.fail('a stream was expected')
    let text = ''
    for await (const piece of answer.pieces) text += Buffer.from(piece).toString()
    expect(text).toBe(events.slice(0, 2).join(''))
    const { path, headers, json } = await rig.upstream.received(1)
    expect(path).toBe('/anthropic/v1/messages')
    expect(headers.authorization).toBe('Bearer sk-test')
    expect(json).toEqual({ model: 'kimi-k3', stream: true })
  })

  test('gets a whole answer, and errors as others do', async () => {
    await using rig = await start(jsonReply({ type: 'message', content: [] }))
    const whole = { ...relayed, isStreamed: false }
    expect(await rig.provider.relay?.(whole, rig.call)).toMatchObject({ kind: 'whole', json: { type: 'message' } })
    await using refusing = await start(errorReply(429))
    await expect(refusing.provider.relay?.(whole, refusing.call)).rejects.toMatchObject({ code: 'rate_limited' })
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
