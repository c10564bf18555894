import { createServer, type Server } from 'node:https'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { selfSigned } from '@dragoman/testkit'
import { afterEach, expect, test } from 'vitest'
import { createHttpClient, fetchMedia, readJson } from './index.ts'
import { apiKey, failureOf } from './test-rig.ts'

const { key, cert } = selfSigned('localhost')
const trusted = getCACertificates('default')

afterEach(() => {
  setDefaultCACertificates(trusted)
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
})

async function startSecure(): Promise<
  AsyncDisposable & { server: Server; port: number; requests: number; handshakes: number }
> {
  const server = createServer({ key, cert }, (_request, response) => {
    started.requests++
    response.setHeader('content-type', 'application/json')
    response.end('{"ok":true}')
  })
  server.on('connection', () => started.handshakes++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const started = {
    server,
    port: typeof address === 'object' && address ? address.port : 0,
    requests: 0,
    handshakes: 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
  return started
}

const post = (client: ReturnType<typeof createHttpClient>) =>
  client.post('/', {
    call: { signal: new AbortController().signal },
    body: {},
    headers: { authorization: `Bearer ${apiKey}` },
  })

test('a certificate that nobody vouches for ends the call before anything is sent, without a second try', async () => {
  await using secure = await startSecure()
  for (const relaxed of [false, true]) {
    if (relaxed) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const client = createHttpClient({ provider: 'acme', baseUrl: `https://127.0.0.1:${secure.port}` })
    expect(await failureOf(post(client))).toBe(
      `upstream_unavailable: acme (127.0.0.1:${secure.port}): its TLS certificate is not valid (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    )
    await client.close()
  }
  expect(secure.requests).toBe(0)
  expect(secure.handshakes).toBe(2)
})

test('a certificate for another host is not valid', async () => {
  await using secure = await startSecure()
  setDefaultCACertificates([...trusted, cert])
  const client = createHttpClient({ provider: 'acme', baseUrl: `https://127.0.0.1:${secure.port}` })
  expect(await failureOf(post(client))).toContain('its TLS certificate is not valid (ERR_TLS_CERT_ALTNAME_INVALID)')
  expect(secure.requests).toBe(0)
  await client.close()
})

test('a certificate that the machine trusts is', async () => {
  await using secure = await startSecure()
  setDefaultCACertificates([...trusted, cert])
  const client = createHttpClient({ provider: 'acme', baseUrl: `https://localhost:${secure.port}` })
  expect(await readJson(await post(client))).toEqual({ ok: true })
  await client.close()
})

test('media over TLS is checked against the name of its URL, wherever that leads', async () => {
  await using secure = await startSecure()
  const media = (host: string) =>
    fetchMedia(`https://${host}:${secure.port}/`, {
      signal: new AbortController().signal,
      allow: ['127.0.0.1'],
      lookUp: (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    })
  expect(await failureOf(media('localhost'))).toContain(
    'its TLS certificate is not valid (DEPTH_ZERO_SELF_SIGNED_CERT)',
  )
  setDefaultCACertificates([...trusted, cert])
  expect(await failureOf(media('files.example'))).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)')
  expect(secure.requests).toBe(0)
  expect(await media('localhost')).toMatchObject({ type: 'application/json' })
})
