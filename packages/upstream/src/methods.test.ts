import {
  errorReply,
  gate,
  jsonReply,
  leaked,
  noReply,
  redirect,
  startFakeUpstream,
  startForwardProxy,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createHttpClient, type HttpClient, readJson, readText } from './index.ts'
import { failureOf, startRig, turns } from './test-rig.ts'

const call = () => ({ signal: new AbortController().signal })

test('PUT sends JSON or bytes, and DELETE no body', async () => {
  await using rig = await startRig()
  rig.upstream.always(jsonReply({ ok: true }))
  expect(await readJson(await rig.client.put('/a', { call: rig.call(), body: { a: 'ü' } }))).toEqual({ ok: true })
  const headers = { 'content-type': 'image/png' }
  await rig.client.put('/b', { call: rig.call(), body: new Uint8Array([0, 255]), headers })
  expect(await readJson(await rig.client.delete('/c', { call: rig.call() }))).toEqual({ ok: true })
  await rig.upstream.received(3)
  const sent = rig.upstream.requests.map(({ method, path, body, headers }) => [
    `${method} ${path}`,
    [...body].length,
    headers['content-type'],
    headers['content-length'],
  ])
  expect(sent).toEqual([
    ['PUT /v1/a', 10, 'application/json', '10'],
    ['PUT /v1/b', 2, 'image/png', '2'],
    ['DELETE /v1/c', 0, undefined, undefined],
  ])
})

test('an answer without content is one', async () => {
  await using rig = await startRig()
  rig.upstream.always({ status: 204 })
  const response = await rig.client.delete('/c', { call: rig.call() })
  expect([response.status, await readText(response)]).toEqual([204, ''])
})

type Send = (client: HttpClient, path: string, signal?: AbortSignal) => Promise<unknown>

const methods: readonly [string, Send][] = [
  ['PUT', (client, path, signal) => client.put(path, { call: { ...call(), ...(signal && { signal }) }, body: {} })],
  ['DELETE', (client, path, signal) => client.delete(path, { call: { ...call(), ...(signal && { signal }) } })],
]

test.each(methods)('%s goes by the outgoing proxy', async (method, send) => {
  await using upstream = await startFakeUpstream()
  upstream.always(jsonReply({}))
  await using proxy = await startForwardProxy()
  const client = createHttpClient({ provider: 'acme', baseUrl: upstream.origin, proxy: proxy.origin })
  await send(client, '/a')
  expect(proxy.seen.map(({ line }) => line)).toEqual([`${method} ${upstream.origin}/a`])
  expect(upstream.requests[0]?.method).toBe(method)
  await client.close()
})

test.each(methods)('%s fails as every request does', async (_, send) => {
  await using rig = await startRig()
  rig.upstream.script(errorReply(404, 'No such chat'), errorReply(503), redirect(302, '/v1/b'))
  rig.upstream.script({ headers: { 'content-type': 'text/html' }, body: '<title>Sign in</title>' })
  const failures = ['deployment_not_found', 'upstream_unavailable', 'upstream_protocol', 'upstream_protocol']
  for (const code of failures) expect(await failureOf(send(rig.client, '/a'))).toContain(code)
})

test.each(methods)('%s ends with its caller, and with the limit of its call', async (_, send) => {
  await using rig = await startRig()
  rig.upstream.always(noReply())
  const controller = new AbortController()
  const left = failureOf(send(rig.client, '/a', controller.signal))
  const request = await rig.upstream.received(1)
  controller.abort()
  expect(await left).toBe('aborted: The caller left')
  expect(await request.closed).toBe('aborted')

  const late = failureOf(send(rig.client, '/a'))
  await rig.upstream.received(2)
  await rig.clock.advance(300_000)
  expect(await late).toMatch(/^upstream_timeout: .+limits\.wholeHeadersMs/)
})

test.each(methods)('a 308 of %s is followed with the same method', async (method, send) => {
  await using rig = await startRig()
  rig.upstream.script(redirect(308, '/v2/a'), jsonReply({}))
  await send(rig.client, '/a')
  await rig.upstream.received(2)
  expect(rig.upstream.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `${method} /v1/a`,
    `${method} /v2/a`,
  ])
})

test.each(methods)('close() lets a %s under way finish', async (_, send) => {
  await using rig = await startRig()
  const slow = gate()
  rig.upstream.script({ ...jsonReply({}), before: [slow] })
  let isClosed = false
  const sending = send(rig.client, '/a')
  await slow.reached
  const closing = rig.client.close().then(() => {
    isClosed = true
  })
  await turns(5)
  expect(isClosed).toBe(false)
  slow.open()
  await sending
  await closing
})

test('a secret in the query of a signed address is in no message and in no event', async () => {
  // Words, which nothing but their names in the query gives away.
  const secrets = { signature: 'quietriverstones', id: 'greenwindowframe', sig: 'slowmorningtrain' }
  await using rig = await startRig()
  const path = `/f.png?OSSAccessKeyId=${secrets.id}&Signature=${secrets.signature}&sig=${secrets.sig}&expires=1767225600`
  rig.upstream.always(({ path: echoed }) => errorReply(400, `Wrong: ${decodeURIComponent(echoed)}`))
  const error = await rig.client.put(path, { call: rig.call(), body: {} }).catch((caught: unknown) => caught)
  expect(String(error)).toContain('1767225600')
  expect(leaked(secrets, error)).toEqual([])
  expect(leaked(secrets, rig.events)).toEqual([])
  expect(rig.events[0]).toEqual({ type: 'request', method: 'PUT', origin: rig.upstream.origin, path: '/v1/f.png' })
})
