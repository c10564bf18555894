import { type Call, memoryState, type RelayedAnswer } from '@dragoman/core'
import { errorReply, eventStream, jsonReply, stall } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { relayMessages } from './index.ts'
import { apiKey, credential, outcomeOf, type Rig, startRig } from './test-rig.ts'

// Not as JSON.stringify would write it.
const body = '{"model": "m",\n"max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
const named = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

function relay(
  { client, call: callOf }: Rig,
  isStreamed: boolean,
  { headers = {}, sent = {} }: { headers?: Record<string, string>; sent?: Record<string, string> } = {},
): Promise<RelayedAnswer> {
  const call: Call = { ...callOf(), credential, state: memoryState() }
  return relayMessages(
    client,
    { dialect: 'anthropic-messages', body, isStreamed, headers: sent },
    { call, path: '/messages', headers: { 'x-api-key': apiKey, ...headers } },
  )
}

async function read(relayed: RelayedAnswer) {
  if (relayed.kind !== 'events') expect.fail('it came whole')
  const { items, error } = await outcomeOf(relayed.pieces)
  return { text: Buffer.concat(items).toString(), error }
}

test('a streamed request goes on as it is, and its events come as they are, behind the last one nothing is read', async () => {
  await using rig = await startRig()
  const said = { delta: { type: 'text_delta', text: '"message_stop"' } }
  rig.upstream.always(eventStream([named('content_block_delta', said), named('message_stop'), named('ping'), stall()]))
  expect(await read(await relay(rig, true))).toEqual({
    text: `${named('content_block_delta', said)}${named('message_stop')}`,
    error: undefined,
  })
  const { path, headers, text } = await rig.upstream.received(1)
  expect({ path, text }).toEqual({ path: '/v1/messages', text: body })
  expect(headers).toMatchObject({
    accept: 'text/event-stream',
    'anthropic-version': '2023-06-01',
    'x-api-key': apiKey,
  })
})

test('a whole answer comes as its bytes, also where a stream was asked for', async () => {
  await using rig = await startRig()
  const bytes = '{ "type": "message", "content": [] }'
  rig.upstream.always({ headers: { 'content-type': 'application/json' }, body: bytes })
  for (const isStreamed of [false, true]) {
    const relayed = await relay(rig, isStreamed)
    expect(relayed).toMatchObject({ kind: 'whole', json: { type: 'message' } })
    expect(relayed.kind === 'whole' && Buffer.from(relayed.bytes).toString()).toBe(bytes)
  }
})

test.each([
  ['the client’s own', { 'anthropic-version': '2024-02-02', 'anthropic-beta': 'a' }, {}, ['2024-02-02', 'a']],
  ['those of the provider before them', { 'anthropic-beta': 'a' }, { 'anthropic-beta': 'a,b' }, ['2023-06-01', 'a,b']],
  ['no beta unless there is one', {}, {}, ['2023-06-01', undefined]],
  ['none but these', { 'x-api-key': 'of-the-client', cookie: 'a=b' }, {}, ['2023-06-01', undefined]],
])('version and betas are %s', async (_, sent, headers, expected) => {
  await using rig = await startRig()
  rig.upstream.always(jsonReply({ type: 'message' }))
  await relay(rig, false, { sent, headers })
  const received = (await rig.upstream.received(1)).headers
  expect([received['anthropic-version'], received['anthropic-beta']]).toEqual(expected)
  expect(received['x-api-key']).toBe(apiKey)
  expect(received).not.toHaveProperty('cookie')
})

test('errors are thrown, by status and in the stream, behind what came before', async () => {
  await using rig = await startRig()
  const error = { type: 'rate_limit_error', message: `slow down, ${apiKey}` }
  rig.upstream.script(
    errorReply(429, { type: 'error', error }),
    eventStream([named('message_start'), named('error', { error })]),
  )
  await expect(relay(rig, true)).rejects.toMatchObject({ code: 'rate_limited' })
  const { text, error: thrown } = await read(await relay(rig, true))
  expect(text).toBe(named('message_start'))
  expect(thrown).toMatchObject({ code: 'rate_limited' })
  expect(String(thrown)).not.toContain(apiKey)
})
