import { DragomanError, Secret } from '@dragoman/core'
import {
  canary,
  completion,
  errorReply,
  gate,
  jsonReply,
  leaked,
  redirect,
  repeated,
  reset,
  startFakeUpstream,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { createHttpClient, isEventStream, readJson, readText } from './index.ts'
import { apiKey, credential, failureOf, startRig, turns } from './test-rig.ts'

test.each([
  ['', '/models', '/models'],
  ['/', '/models', '/models'],
  ['/v1', '/models', '/v1/models'],
  ['/v1/', '/models', '/v1/models'],
  ['/v1//', 'models', '/v1/models'],
  ['/v1', '/models?limit=5&x=a?b', '/v1/models?limit=5&x=a?b'],
  ['/deployments/a?api-version=7', '/chat', '/deployments/a/chat?api-version=7'],
  ['/deployments/a?api-version=7', '/chat?b=1', '/deployments/a/chat?api-version=7&b=1'],
  ['/v1', '/models/org%2Fname', '/v1/models/org%2Fname'],
  ['/v1', '/models/ü b', '/v1/models/%C3%BC%20b'],
])('the base %j and the path %j give %j', async (base, path, expected) => {
  await using upstream = await startFakeUpstream()
  upstream.always(jsonReply({}))
  const client = createHttpClient({ provider: 'acme', baseUrl: upstream.origin + base })
  await client.get(path, { call: { signal: new AbortController().signal } })
  expect(upstream.requests[0]?.path).toBe(expected)
  await client.close()
})

test.each(['', 'api.example.com/v1', 'ftp://api.example.com', 'https://user:canary@api.example.com'])(
  'the base URL %j is refused, and not repeated',
  (baseUrl) => {
    expect(() => createHttpClient({ provider: 'acme', baseUrl })).toThrow('A base URL has to be an http')
    expect(() => createHttpClient({ provider: 'acme', baseUrl })).not.toThrow('canary')
  },
)

test('a request has our name, its own headers and nothing that was not asked for', async () => {
  await using rig = await startRig({ headers: { 'X-Team': 'blue', 'X-Both': 'client' } })
  rig.upstream.always(jsonReply({}))
  await readJson(await rig.whole(rig.call(), { body: { a: 'ü' }, headers: { 'x-both': 'request' } }))
  const request = await rig.upstream.received(1)
  expect(request.headers).toEqual({
    host: `127.0.0.1:${rig.upstream.port}`,
    connection: 'keep-alive',
    'user-agent': `dragoman/${manifest.version}`,
    accept: 'application/json',
    'accept-encoding': 'gzip, br',
    'content-type': 'application/json',
    'content-length': '10',
    'x-team': 'blue',
    'x-both': 'request',
  })
  expect(request.text).toBe('{"a":"ü"}')
})

test('a stream is asked for uncompressed', async () => {
  await using rig = await startRig()
  rig.upstream.always({})
  await rig.stream()
  expect(rig.upstream.requests[0]?.headers).toMatchObject({
    accept: 'text/event-stream',
    'accept-encoding': 'identity',
  })
})

test('bytes go out as they are, under the type they are given', async () => {
  await using rig = await startRig()
  rig.upstream.always(jsonReply({}))
  const body = new Uint8Array([0, 255, 10])
  await rig.whole(rig.call(), { body, headers: { 'content-type': 'application/octet-stream' } })
  const request = await rig.upstream.received(1)
  expect([...request.body]).toEqual([0, 255, 10])
  expect(request.headers['content-type']).toBe('application/octet-stream')
})

test('the answer has its status, headers and media type', async () => {
  await using rig = await startRig()
  rig.upstream.script({
    status: 201,
    headers: { 'content-type': 'Application/JSON; charset=utf-8', 'X-Request-Id': 'r1', 'set-cookie': ['a=1', 'b=2'] },
    body: '{}',
  })
  const response = await rig.whole()
  expect(response.status).toBe(201)
  expect(response.contentType).toBe('application/json')
  expect(response.headers.get('x-request-id')).toBe('r1')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(await readText(response)).toBe('{}')
})

test('what happens on the wire is reported without query, headers or bodies', async () => {
  await using rig = await startRig({ headers: { authorization: 'Bearer canary' } })
  rig.upstream.script({
    before: [gate()].map((pause) => {
      void pause.reached.then(async () => {
        await rig.clock.advance(250)
        pause.open()
      })
      return pause
    }),
  })
  await rig.client.get('/models?key=canary', { call: rig.call() })
  expect(rig.events).toEqual([
    { type: 'request', method: 'GET', origin: rig.upstream.origin, path: '/v1/models' },
    { type: 'response', status: 200, afterMs: 250 },
  ])
})

test.each([307, 308] as const)('a %i to the same origin is followed with method, body and key', async (status) => {
  await using rig = await startRig()
  rig.upstream.script(redirect(status, '/v2/chat?a=1'), jsonReply({ ok: true }))
  expect(await readJson(await rig.whole(rig.call(), { body: { a: 1 } }))).toEqual({ ok: true })
  const request = await rig.upstream.received(2)
  expect(request).toMatchObject({ method: 'POST', path: '/v2/chat?a=1', text: '{"a":1}' })
  expect(request.headers.authorization).toBe(`Bearer ${apiKey}`)
})

test('a redirect to another origin is not followed', async () => {
  await using rig = await startRig()
  await using other = await startFakeUpstream()
  rig.upstream.script(redirect(307, `${other.origin}/v1/chat?key=canary`))
  expect(await failureOf(rig.whole())).toBe('upstream_protocol: acme answered 307: a redirect, which is not followed')
  expect(other.connections.accepted).toBe(0)
})

test.each([301, 302, 303] as const)('a %i, which may change the method, is not followed', async (status) => {
  await using rig = await startRig()
  rig.upstream.script(redirect(status, '/v1/elsewhere'))
  expect(await failureOf(rig.whole())).toBe(
    `upstream_protocol: acme answered ${status}: a redirect, which is not followed`,
  )
})

test('the fourth redirect is not followed', async () => {
  await using rig = await startRig()
  rig.upstream.always(redirect(307, '/v1/again'))
  expect(await failureOf(rig.whole())).toContain('upstream_protocol')
  expect(rig.upstream.requests).toHaveLength(4)
})

test('an error is told in the upstream’s words and without our secrets', async () => {
  const secrets = { apiKey, session: canary('session') }
  await using rig = await startRig({ headers: { cookie: `sid=${secrets.session}` } })
  const message = `Key ${apiKey} of session <${secrets.session}> is not allowed to see gpt-5-mini`
  rig.upstream.script(errorReply(403, message)).script({ status: 400, body: message })
  for (const code of ['credential_forbidden', 'invalid_request']) {
    const error = await rig.whole().catch((reason) => reason)
    expect(error).toMatchObject({ code, origin: 'upstream' })
    expect(error.message).toContain('gpt-5-mini')
    expect(leaked(secrets, error)).toEqual([])
  }
})

test('a provider reads its own errors first, without their secrets', async () => {
  await using rig = await startRig()
  rig.upstream.always(errorReply(400, `Code 7 for ${apiKey}`))
  const mapError = ({ status, json }: { status: number; json: unknown }) =>
    status === 400
      ? new DragomanError('credential_disabled', JSON.stringify(json), {
          retryAfterMs: 5,
          param: apiKey,
          publicCode: apiKey,
        })
      : undefined
  const error = await rig.whole(rig.call(), { mapError }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'credential_disabled', retryAfterMs: 5 })
  expect(error.message).toContain('Code 7 for [redacted]')
  expect(leaked({ apiKey }, error)).toEqual([])
  expect(await failureOf(rig.whole(rig.call(), { mapError: () => undefined }))).toContain('invalid_request')
})

test('an error body is read up to 64 KiB and for five seconds', async () => {
  await using rig = await startRig()
  rig.upstream.script({ status: 500, body: repeated('x'.repeat(1000)) })
  expect((await failureOf(rig.whole())).length).toBeLessThan(2_100)
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')

  const sent = gate()
  rig.upstream.script({ status: 503, headers: { 'content-type': 'text/plain' }, body: ['Overloaded, try', sent] })
  const failure = failureOf(rig.whole())
  await sent.reached
  await turns(5)
  await rig.clock.advance(5_000)
  expect(await failure).toBe('upstream_unavailable: acme answered 503: Overloaded, try')
  expect(rig.clock.pending).toBe(0)
})

test.each([
  [
    'broken JSON',
    { headers: { 'content-type': 'application/json' }, body: '{"id":' },
    'upstream_protocol: acme answered 200: no JSON, but "{"id":"',
  ],
  [
    'an empty body',
    { headers: { 'content-type': 'application/json' } },
    'upstream_protocol: acme answered 200: an empty body',
  ],
  [
    'a page under a wrong name',
    { headers: { 'content-type': 'application/json' }, body: '<!doctype html><title>Hi</title>' },
    'upstream_protocol: acme answered 200: an HTML page titled "Hi"',
  ],
  [
    'an error',
    jsonReply({ error: { message: 'Out of money', code: 'insufficient_quota' } }),
    'credential_exhausted: acme answered 200: Out of money',
  ],
  ['an error in a word', jsonReply({ error: 'Overloaded' }), 'upstream_unavailable: acme answered 200: Overloaded'],
])('readJson throws for %s in a 200', async (_name, reply, expected) => {
  await using rig = await startRig()
  rig.upstream.script(reply)
  expect(await failureOf(rig.whole().then(readJson))).toBe(expected)
})

test('readJson reads JSON with a byte order mark, and with an error that is null', async () => {
  await using rig = await startRig()
  rig.upstream.script({ body: ['\uFEFF{"error":null,', '"a":1}'] })
  expect(await readJson(await rig.whole())).toEqual({ error: null, a: 1 })
})

test('a page is given to who asks for one', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: { 'content-type': 'text/html' }, body: '<html>nonce=1</html>' })
  const page = await rig.client.get('/', { call: rig.call(), accept: 'text/html' })
  expect(isEventStream(page)).toBe(false)
  expect(await readText(page)).toBe('<html>nonce=1</html>')
})

test.each([
  ['header', { 'cf-mitigated': 'challenge', 'content-type': 'text/html' }, '<html></html>'],
  [
    'machinery',
    { 'content-type': 'text/html' },
    '<html><script src="/cdn-cgi/challenge-platform/h/b"></script></html>',
  ],
])('a browser check known by its %s is upstream_challenge, whatever the status', async (_name, headers, body) => {
  await using rig = await startRig()
  for (const status of [200, 403, 503]) {
    rig.upstream.script({ status, headers, body })
    expect(await failureOf(rig.stream())).toBe(
      `upstream_challenge: acme asks for a captcha or a browser check (status ${status}): a person has to act`,
    )
  }
})

test('a key that no header can carry is credential_rejected and not shown', async () => {
  await using rig = await startRig()
  const broken = { id: 'second', values: { apiKey: new Secret(`${apiKey}\n`) } }
  const request = { headers: { authorization: `Bearer ${apiKey}\n` } }
  const failure = await failureOf(rig.whole({ ...rig.call(), credential: broken }, request))
  expect(failure).toBe('credential_rejected: acme: the credential second holds a character that no header can carry')
  expect(await failureOf(rig.whole(rig.call(), { headers: { 'x-a': 'b\n' } }))).toMatch(
    /^internal: acme \(.+\): the request could not be built, because of a character in its header x-a/,
  )
  expect(rig.upstream.connections.accepted).toBe(0)
})

test('what is thrown has no secret anywhere, in whatever way it fails', async () => {
  await using rig = await startRig()
  const echo = `${apiKey} `.repeat(3_000)
  const json = { error: { message: echo, code: apiKey, param: apiKey, type: apiKey } }
  const replies = [400, 401, 403, 404, 413, 422, 429, 500].map((status) => jsonReply(json, status))
  rig.upstream.script(...replies, { body: echo }, { headers: { 'content-type': 'text/html' }, body: `<title>${echo}` })
  rig.upstream.script(redirect(302, `http://${apiKey}.example/${apiKey}`), { status: 502, body: `x${echo}` })
  for (let i = 0; i < replies.length + 4; i++) {
    const error = await rig
      .whole()
      .then(readJson)
      .catch((reason) => reason)
    expect(error).toBeInstanceOf(DragomanError)
    expect(leaked({ apiKey }, error)).toEqual([])
  }
  expect(leaked({ apiKey }, rig.events)).toEqual([])
  expect(JSON.stringify(credential)).not.toContain(apiKey)
})

test('a request that an open connection carried for a while is not sent again when that breaks', async () => {
  await using rig = await startRig()
  const seen = gate()
  rig.upstream.script(completion({ text: 'x' }), { before: [seen, reset()] })
  await readJson(await rig.whole())
  await turns(5)
  const second = rig.whole()
  second.catch(() => {})
  await rig.upstream.received(2)
  await rig.clock.advance(501) // long enough that it may have been worked on
  seen.open()
  await expect(second).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(rig.upstream.requests).toHaveLength(2)
})

test('an error of megabytes is cut before anybody looks at all of it', async () => {
  await using rig = await startRig()
  const message = `${'http://a.'.repeat(300_000)} ${apiKey}`
  rig.upstream.script(errorReply(400, { error: { message } }), jsonReply({ error: { message } }))
  for (const ask of [rig.whole(), rig.whole().then(readJson)]) {
    const error = await ask.catch((caught: unknown) => caught)
    expect(String(error).length).toBeLessThan(3_000)
    expect(String(error)).not.toContain(apiKey)
  }
})

test('what the operator put into the query or a header of his own does not come back in an error', async () => {
  const [inQuery, inHeader] = [canary('query'), canary('header')]
  await using upstream = await startFakeUpstream()
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: `${upstream.origin}/v1?api_key=${inQuery}&api-version=2026-01-01`,
    headers: { 'x-odd': inHeader },
  })
  upstream.script(errorReply(400, { error: { message: `bad ${inQuery} and ${inHeader} in 2026-01-01` } }))
  const { signal } = new AbortController()
  const error = await client.post('/chat', { call: { signal }, body: {} }).catch((caught: unknown) => caught)
  expect(leaked({ inQuery, inHeader }, error)).toEqual([])
  expect(String(error)).toContain('2026-01-01')
  await client.close()
})

test('the headers of a frozen object are those of each way of asking, and of nobody else', async () => {
  await using rig = await startRig({ headers: { 'x-team': 'blue' } })
  rig.upstream.always(jsonReply({}))
  const first = Object.freeze({ Authorization: 'Bearer one' })
  const second = Object.freeze({ Authorization: 'Bearer two' })
  for (const headers of [first, second, first]) {
    for (const accept of ['application/json', 'text/event-stream']) await rig.whole(rig.call(), { headers, accept })
    await rig.client.get('/models', { call: rig.call(), headers })
  }
  const sent = rig.upstream.requests.map(({ headers }) =>
    [
      headers.authorization,
      headers['x-team'],
      headers.accept,
      headers['accept-encoding'],
      headers['content-type'],
    ].join(),
  )
  const ways = (key: string) => [
    `Bearer ${key},blue,application/json,gzip, br,application/json`,
    `Bearer ${key},blue,text/event-stream,identity,application/json`,
    `Bearer ${key},blue,application/json,gzip, br,`,
  ]
  expect(sent).toEqual([...ways('one'), ...ways('two'), ...ways('one')])
})
