import type { CallEvent } from '@dragoman/core'
import {
  canary,
  closedPort,
  errorReply,
  handClock,
  leaked,
  noReply,
  startFakeUpstream,
  startForwardProxy,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { type PutToOptions, putTo } from './index.ts'
import { apiKey, credential, failureOf } from './test-rig.ts'

const secrets = { signature: canary('signed'), apiKey }
const query = `?X-Amz-Signature=${secrets.signature}&b=%2F`
const bytes = new Uint8Array([137, 80, 78, 71])

const options = (more: Partial<PutToOptions> = {}): PutToOptions => ({
  provider: 'acme',
  call: { signal: new AbortController().signal, credential },
  headers: { 'content-type': 'image/png' },
  body: bytes,
  ...more,
})

test('bytes are put at the very address, without the credential, and the connection is closed', async () => {
  await using storage = await startFakeUpstream()
  storage.always({ body: '<Stored/>' })
  await putTo(`${storage.origin}/a%20b/c.png${query}`, options())
  const request = await storage.received(1)
  expect(request).toMatchObject({ method: 'PUT', path: `/a%20b/c.png${query}` })
  expect([...request.body]).toEqual([...bytes])
  expect(request.headers['content-type']).toBe('image/png')
  expect(leaked({ apiKey }, request.rawHeaders)).toEqual([])
  await storage.idle()
})

test('they go by the outgoing proxy', async () => {
  await using storage = await startFakeUpstream()
  storage.always({})
  await using proxy = await startForwardProxy()
  await putTo(`${storage.origin}/c.png`, options({ proxy: proxy.origin }))
  expect(proxy.seen.map(({ line }) => line)).toEqual([`PUT ${storage.origin}/c.png`])
  await storage.received(1)
})

test.each([301, 307, 400, 401, 403, 404, 500])('a storage that answers %i says nothing of it', async (status) => {
  await using storage = await startFakeUpstream()
  const events: CallEvent[] = []
  const observe = (event: CallEvent) => events.push(event)
  storage.always(({ path }) => ({ ...errorReply(status, `No ${path}`), headers: { location: path } }))
  const { call } = options()
  const error = await putTo(`${storage.origin}/c.png${query}`, options({ call: { ...call, observe } })).catch(
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({
    code: 'upstream_unavailable',
    message: `acme: 127.0.0.1:${storage.port} answered ${status} to PUT`,
  })
  expect(leaked(secrets, [error, events])).toEqual([])
  expect(events[0]).toMatchObject({ method: 'PUT', path: '/c.png' })
  await storage.idle()
})

test('one that cannot be reached is told by its host', async () => {
  const port = await closedPort()
  const error = await putTo(`http://127.0.0.1:${port}/c.png${query}`, options()).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'upstream_unavailable' })
  expect(leaked(secrets, error)).toEqual([])
})

test('it ends with the caller, with who waited, and after two minutes', async () => {
  await using storage = await startFakeUpstream()
  storage.always(noReply())
  const address = `${storage.origin}/c.png`
  const controller = new AbortController()
  const { signal } = controller
  const failures = [options({ call: { signal } }), options({ left: signal })].map((given) =>
    failureOf(putTo(address, given)),
  )
  await storage.received(2)
  controller.abort()
  expect(await Promise.all(failures)).toEqual(['aborted: The caller left', 'aborted: The caller left'])
  await storage.idle()

  const clock = handClock()
  const late = failureOf(putTo(address, options({ clock })))
  await storage.received(3)
  await clock.advance(120_000)
  expect(await late).toMatch(/^upstream_timeout: .+no response for 120 s/)
  await storage.idle()
})

test.each(['', 'c.png', 'ftp://storage.example/c.png', 'https://user:canary@storage.example/c.png'])(
  'the address %j is none, and not repeated',
  async (address) => {
    const failure = await failureOf(putTo(address, options()))
    expect(failure).toBe('upstream_protocol: acme named a place for a file that is no http:// or https:// URL')
  },
)
