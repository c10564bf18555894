import { Secret } from '@dragoman/core'
import { canary, chatChunks, eventStream, reset, sse, stall, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { rawRequest } from '../test-server.ts'
import { responsesClient } from './test-dialect-clients.ts'
import { type DialectRig, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// Stored responses: they belong to the key that made them, and a chain is whole or refused.

const month = 30 * 24 * 60 * 60 * 1000
const ours = { authorization: `Bearer ${canary('our key')}` }
const theirs = { authorization: `Bearer ${canary('their key')}` }
const keys = [
  { name: 'us', key: new Secret(canary('our key')) },
  { name: 'them', key: new Secret(canary('their key')) },
]
const [kind] = upstreamKinds as readonly [UpstreamKind, ...UpstreamKind[]]

async function startStore(): Promise<DialectRig> {
  const rig = await startDialectRig(kind, { keys })
  rig.upstream.always(replyOf(kind, { text: 'Hello', usage: tokens(1, 1) }))
  return rig
}

async function create(rig: DialectRig, fields: Record<string, unknown> = {}, headers = ours) {
  const answer = await rig.send(responsesClient, { stream: false, store: true, ...fields }, { headers })
  return { status: answer.status, json: JSON.parse(await answer.whole()) }
}

async function ask(rig: DialectRig, method: string, path: string, headers: Record<string, string> = ours) {
  const { status, text } = await rawRequest(rig.server.url, { method, path: `/v1/responses/${path}`, headers })
  return { status, json: JSON.parse(text) }
}

const notFound = { status: 404, json: { error: { type: 'invalid_request_error', param: null, code: null } } }
const notContinued = {
  status: 400,
  json: {
    error: {
      type: 'invalid_request_error',
      param: 'previous_response_id',
      code: 'previous_response_not_found',
      message: expect.stringMatching(/^previous_response_id: /),
    },
  },
}

test('a response is read, continued and deleted by the key that made it, and by no other', async () => {
  await using rig = await startStore()
  const { json: made } = await create(rig, { input: 'first' })
  const { id } = made
  expect(await ask(rig, 'GET', id)).toEqual({ status: 200, json: made })
  for (const [method, path] of [
    ['GET', id],
    ['DELETE', id],
    ['GET', `${id}/input_items`],
    ['POST', `${id}/cancel`],
  ] as const) {
    expect(await ask(rig, method, path, theirs)).toMatchObject(notFound)
  }
  const calls = rig.upstream.requests.length
  expect(await create(rig, { previous_response_id: id }, theirs)).toMatchObject(notContinued)
  expect(rig.upstream.requests).toHaveLength(calls)

  const { json: next } = await create(rig, { input: 'second', previous_response_id: id })
  expect(next.previous_response_id).toBe(id)
  const sent = rig.upstream.requests.at(-1)?.json.messages
  expect(sent.map(({ content }: { content: unknown }) => content)).toEqual(['first', 'Hello', 'second'])

  expect(await ask(rig, 'DELETE', id)).toEqual({ status: 200, json: { id, object: 'response', deleted: true } })
  expect(await ask(rig, 'GET', id)).toMatchObject(notFound)
  expect(await ask(rig, 'DELETE', id)).toMatchObject(notFound)
})

test('a chain of which one was deleted is refused, wherever that one stood', async () => {
  await using rig = await startStore()
  const first = await create(rig)
  const second = await create(rig, { previous_response_id: first.json.id })
  const third = await create(rig, { previous_response_id: second.json.id })
  await ask(rig, 'DELETE', first.json.id)
  const calls = rig.upstream.requests.length
  expect(await create(rig, { previous_response_id: third.json.id })).toMatchObject(notContinued)
  expect(rig.upstream.requests).toHaveLength(calls)
  expect((await ask(rig, 'GET', third.json.id)).status).toBe(200)
})

test('after a month a response is not there any more', async () => {
  await using rig = await startStore()
  const { json } = await create(rig)
  rig.clock.jump(month - 60_000)
  expect((await ask(rig, 'GET', json.id)).status).toBe(200)
  rig.clock.jump(120_000)
  expect(await ask(rig, 'GET', json.id)).toMatchObject(notFound)
  expect(await create(rig, { previous_response_id: json.id })).toMatchObject(notContinued)
})

test('what was not to be stored is not', async () => {
  await using rig = await startStore()
  const { json } = await create(rig, { store: false })
  expect(await ask(rig, 'GET', json.id)).toMatchObject(notFound)
  expect(await create(rig, { previous_response_id: json.id })).toMatchObject(notContinued)
})

test('a reference to an item is resolved for its own key alone', async () => {
  await using rig = await startStore()
  const { json } = await create(rig)
  const [item] = json.output
  const input = [
    { role: 'user', content: 'x' },
    { type: 'item_reference', id: item.id },
    { role: 'user', content: 'y' },
  ]
  expect((await create(rig, { input })).status).toBe(200)
  expect(JSON.stringify(rig.upstream.requests.at(-1)?.json.messages)).toContain('Hello')
  expect(await create(rig, { input }, theirs)).toMatchObject({ status: 400, json: { error: { param: 'input[1].id' } } })
  await ask(rig, 'DELETE', json.id)
  expect(await create(rig, { input })).toMatchObject({ status: 400, json: { error: { param: 'input[1].id' } } })
})

test('a stream that broke is kept as failed, and one whose client left is not', async () => {
  await using rig = await startStore()
  const begun = sse(...chatChunks({ text: 'Hel', finish: null }))
  rig.upstream.script(eventStream([...begun, reset()]), eventStream([...begun, stall()]))
  const broken = await rig.send(responsesClient, { store: true }, { headers: ours })
  const text = await broken.whole()
  expect(responsesClient.read(text).events.at(-1)).toBe('response.failed')
  const brokenId = idOf(text)
  expect(await ask(rig, 'GET', brokenId)).toMatchObject({ status: 200, json: { status: 'failed', id: brokenId } })

  const left = await rig.send(responsesClient, { store: true }, { headers: ours })
  await left.until('Hel')
  left.leave()
  await rig.recorded(2)
  expect(await ask(rig, 'GET', idOf(left.text))).toMatchObject(notFound)
})

test('a streamed response can be read and continued as soon as its last event is here', async () => {
  await using rig = await startStore()
  const answer = await rig.send(responsesClient, { store: true, input: 'first' }, { headers: ours })
  const text = await answer.whole()
  const last = JSON.parse(text.slice(text.lastIndexOf('data: ') + 6))
  expect(await ask(rig, 'GET', idOf(text))).toEqual({ status: 200, json: last.response })
  expect((await create(rig, { previous_response_id: idOf(text) })).status).toBe(200)
})

test('input items come in pages, and bad pages are refused by name', async () => {
  await using rig = await startStore()
  const input = ['a', 'b', 'c'].map((content) => ({ role: 'user', content }))
  const { json } = await create(rig, { input })
  const items = `${json.id}/input_items`
  const page = (await ask(rig, 'GET', `${items}?limit=2&order=asc`)).json
  const item = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] })
  expect(page).toMatchObject({ object: 'list', has_more: true, data: [item('a'), item('b')] })
  const rest = (await ask(rig, 'GET', `${items}?limit=2&order=asc&after=${page.last_id}`)).json
  expect(rest).toMatchObject({ has_more: false, data: [item('c')] })
  for (const [query, param] of [
    ['limit=0', 'limit'],
    ['limit=1000', 'limit'],
    ['limit=many', 'limit'],
    ['order=up', 'order'],
    ['after=nothing', 'after'],
  ]) {
    expect(await ask(rig, 'GET', `${items}?${query}`)).toMatchObject({ status: 400, json: { error: { param } } })
  }
})

test('what ran in the foreground cannot be cancelled, and events are not kept', async () => {
  await using rig = await startStore()
  const { json } = await create(rig)
  expect(await ask(rig, 'POST', `${json.id}/cancel`)).toMatchObject({ status: 400 })
  expect(await ask(rig, 'GET', `${json.id}?stream=true`)).toMatchObject({
    status: 400,
    json: { error: { param: 'stream' } },
  })
})

test('without a key nothing is read', async () => {
  await using rig = await startStore()
  const { json } = await create(rig)
  for (const [method, path] of [
    ['GET', json.id],
    ['DELETE', json.id],
    ['GET', `${json.id}/input_items`],
  ]) {
    expect(await ask(rig, method ?? '', path, {})).toMatchObject({ status: 401 })
  }
})

function idOf(text: string): string {
  return /"response":\{"id":"([^"]*)"/.exec(text)?.[1] ?? ''
}
