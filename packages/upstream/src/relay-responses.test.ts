import { type Call, memoryState } from '@dragoman/core'
import { eventStream, jsonReply, stall } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { relayResponses } from './index.ts'
import { apiKey, credential, outcomeOf, type Rig, startRig } from './test-rig.ts'

// Not as JSON.stringify would write it.
const body = '{"model": "m",\n"input":"Hi"}'
const named = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

function relay({ client, call: callOf }: Rig, isStreamed: boolean) {
  const call: Call = { ...callOf(), credential, state: memoryState() }
  return relayResponses(client, { dialect: 'openai-responses', body, isStreamed }, { call, path: '/responses' })
}

test.each(['response.completed', 'response.incomplete'])(
  'a stream ends after %s, whatever a text quotes',
  async (last) => {
    await using rig = await startRig()
    const said = named('response.output_text.delta', { delta: `"${last}"` })
    rig.upstream.always(eventStream([said, named(last, { response: {} }), named('keepalive'), stall()]))
    const relayed = await relay(rig, true)
    if (relayed.kind !== 'events') expect.fail('it came whole')
    const { items, error } = await outcomeOf(relayed.pieces)
    expect({ text: Buffer.concat(items).toString(), error }).toEqual({
      text: `${said}${named(last, { response: {} })}`,
      error: undefined,
    })
    const { path, text, headers } = await rig.upstream.received(1)
    expect({ path, text, accept: headers.accept }).toEqual({
      path: '/v1/responses',
      text: body,
      accept: 'text/event-stream',
    })
  },
)

test.each([
  ['error', { code: 'rate_limit_exceeded', message: `slower, ${apiKey}` }, 'rate_limited'],
  ['error', { error: { type: 'rate_limit_error', message: `slower, ${apiKey}` } }, 'rate_limited'],
  ['response.failed', { response: { error: { code: 'invalid_prompt', message: `no, ${apiKey}` } } }, 'invalid_request'],
  ['response.failed', { response: { error: { code: 'server_error', message: apiKey } } }, 'upstream_unavailable'],
  ['response.failed', {}, 'upstream_unavailable'],
])('%s %j is thrown behind what came before it', async (type, more, code) => {
  await using rig = await startRig()
  rig.upstream.always(eventStream([named('response.created'), named(type, more), stall()]))
  const relayed = await relay(rig, true)
  if (relayed.kind !== 'events') expect.fail('it came whole')
  const { items, error } = await outcomeOf(relayed.pieces)
  expect(Buffer.concat(items).toString()).toBe(named('response.created'))
  expect(error).toMatchObject({ code })
  expect(String(error)).not.toContain(apiKey)
})

test('a whole answer comes as its bytes, and an error of its own field is none', async () => {
  await using rig = await startRig()
  rig.upstream.always(jsonReply({ object: 'response', status: 'completed', error: null }))
  expect(await relay(rig, false)).toMatchObject({ kind: 'whole', json: { object: 'response', error: null } })
})
