import { createServer as createSecureServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gate, jsonReply, leaked, selfSigned, stall, startFakeUpstream, startForwardProxy } from '@dragoman/testkit'
import { afterEach, expect, test } from 'vitest'
import { createHttpClient, readJson } from './index.ts'
import { dataOf, failureOf, outcomeOf, turns } from './test-rig.ts'

const { key, cert } = selfSigned('localhost')
const trusted = getCACertificates('default')
const open: Server[] = []
const sockets = new Set<Socket>()

afterEach(async () => {
  setDefaultCACertificates(trusted)
  for (const socket of sockets) socket.destroy()
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function listen(server: Server): Promise<number> {
  open.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** SOCKS5 with name and password if `login` is given; knows only CONNECT. */
async function startSocksProxy(login?: string): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = []
  const server = createTcpServer((socket) => {
    let step: 'greeting' | 'login' | 'request' = 'greeting'
    socket.on('data', function onData(bytes: Buffer) {
      if (step === 'greeting') {
        socket.write(Buffer.from([5, login ? 2 : 0]))
        step = login ? 'login' : 'request'
      } else if (step === 'login') {
        const name = bytes.subarray(2, 2 + (bytes[1] ?? 0)).toString()
        const password = bytes.subarray(3 + name.length).toString()
        socket.write(Buffer.from([1, `${name}:${password}` === login ? 0 : 1]))
        step = 'request'
      } else {
        socket.off('data', onData)
        const isName = bytes[3] === 3
        const end = isName ? 5 + (bytes[4] ?? 0) : 8
        const host = isName ? bytes.subarray(5, end).toString() : bytes.subarray(4, end).join('.')
        const port = bytes.readUInt16BE(end)
        seen.push(`${host}:${port}`)
        const onward = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
          socket.pipe(onward).pipe(socket)
        })
        sockets.add(onward)
        onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
        socket.on('close', () => onward.destroy())
      }
    })
  })
  return { port: await listen(server), seen }
}

async function startSecureUpstream(): Promise<number> {
  const server = createSecureServer({ key, cert }, (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('{"ok":true}')
  })
  return listen(server)
}

const call = () => ({ signal: new AbortController().signal })

test('an https upstream is reached through a tunnel, which sees its name and nothing else', async () => {
  setDefaultCACertificates([...trusted, cert])
  const port = await startSecureUpstream()
  await using proxy = await startForwardProxy()
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: `https://localhost:${port}`,
    proxy: `http://user:p%40ss@127.0.0.1:${proxy.port}`,
  })
  for (let i = 0; i < 3; i++) {
    expect(await readJson(await client.post('/chat', { call: call(), body: {} }))).toEqual({ ok: true })
    await turns(5)
  }
  const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
  expect(proxy.seen).toEqual([{ line: `CONNECT localhost:${port}`, authorization }])
  await client.close()
})

test('a proxy may speak TLS itself', async () => {
  setDefaultCACertificates([...trusted, cert])
  const port = await startSecureUpstream()
  await using proxy = await startForwardProxy({ tls: { key, cert } })
  const baseUrl = `https://localhost:${port}`
  const client = createHttpClient({ provider: 'acme', baseUrl, proxy: `https://localhost:${proxy.port}` })
  expect(await readJson(await client.get('/models', { call: call() }))).toEqual({ ok: true })
  expect(proxy.seen).toEqual([{ line: `CONNECT localhost:${port}`, authorization: undefined }])
  await client.close()
})

test('an http upstream is reached by forwarding, streams included', async () => {
  await using upstream = await startFakeUpstream()
  const more = gate()
  upstream.script({ headers: { 'content-type': 'text/event-stream' }, body: ['data: a\n\n', more, 'data: b\n\n'] })
  await using proxy = await startForwardProxy()
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: upstream.origin,
    proxy: `http://127.0.0.1:${proxy.port}`,
  })
  const items = dataOf(await client.post('/chat', { call: call(), body: {}, accept: 'text/event-stream' }))
  expect(await items.next()).toEqual({ value: 'a', done: false })
  more.open()
  expect(await outcomeOf(items)).toEqual({ items: ['b'] })
  expect(proxy.seen).toEqual([{ line: `POST ${upstream.origin}/chat`, authorization: undefined }])
  expect(upstream.requests[0]?.headers.host).toBe(`127.0.0.1:${upstream.port}`)
  await client.close()
})

test('an abort through a proxy closes the upstream’s socket', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ headers: { 'content-type': 'text/event-stream' }, body: ['data: a\n\n', stall()] })
  await using proxy = await startForwardProxy()
  const client = createHttpClient({ provider: 'acme', baseUrl: upstream.origin, proxy: `127.0.0.1:${proxy.port}` })
  const controller = new AbortController()
  const { signal } = controller
  const items = dataOf(await client.post('/chat', { call: { signal }, accept: 'text/event-stream' }))
  await items.next()
  controller.abort()
  expect(await upstream.requests[0]?.closed).toBe('aborted')
  expect(await failureOf(items.next())).toBe('aborted: The caller left')
  await client.close()
})

test.each([
  ['https', 403, /^upstream_unavailable: .+ the outgoing proxy refused to connect/],
  ['https', 407, /^upstream_unavailable: .+ the outgoing proxy refused to connect/],
  ['http', 407, /^upstream_unavailable: .+ the outgoing proxy wants other credentials/],
])(
  'for an %s upstream a proxy that answers %i is upstream_unavailable, without its password',
  async (scheme, status, message) => {
    const secrets = { password: 'canary-of-the-proxy' }
    await using proxy = await startForwardProxy({ refuse: status })
    const client = createHttpClient({
      provider: 'acme',
      baseUrl: `${scheme}://localhost:1/v1`,
      proxy: `http://user:${secrets.password}@127.0.0.1:${proxy.port}`,
    })
    const error = await client.get('/models', { call: call() }).catch((reason) => reason)
    expect(`${error.code}: ${error.message}`).toMatch(message)
    expect(leaked(secrets, error)).toEqual([])
    expect(proxy.seen).toHaveLength(1)
    await client.close()
  },
)

test.each([[undefined], ['user:secret']])('an upstream is reached through SOCKS5, with the login %j', async (login) => {
  await using upstream = await startFakeUpstream()
  upstream.always(jsonReply({ ok: true }))
  const proxy = await startSocksProxy(login)
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: `http://localhost:${upstream.port}`,
    proxy: `socks5://${login ? `${login}@` : ''}127.0.0.1:${proxy.port}`,
  })
  expect(await readJson(await client.post('/chat', { call: call(), body: {} }))).toEqual({ ok: true })
  // By name: the proxy looks it up.
  expect(proxy.seen).toEqual([`localhost:${upstream.port}`])
  await client.close()
})

test('SOCKS5 carries TLS, which is checked', async () => {
  const port = await startSecureUpstream()
  const proxy = await startSocksProxy()
  const options = { provider: 'acme', baseUrl: `https://localhost:${port}`, proxy: `socks5://127.0.0.1:${proxy.port}` }
  const distrusting = createHttpClient(options)
  expect(await failureOf(distrusting.get('/', { call: call() }))).toContain('its TLS certificate is not valid')
  await distrusting.close()
  setDefaultCACertificates([...trusted, cert])
  const client = createHttpClient(options)
  expect(await readJson(await client.get('/', { call: call() }))).toEqual({ ok: true })
  await client.close()
})

test('a SOCKS5 proxy that refuses the login is upstream_unavailable', async () => {
  const proxy = await startSocksProxy('user:right')
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: 'http://localhost:1',
    proxy: `socks5://user:wrong@127.0.0.1:${proxy.port}`,
  })
  expect(await failureOf(client.get('/', { call: call() }))).toMatch(
    /^upstream_unavailable: acme \(localhost:1\): the outgoing SOCKS5 proxy refused/,
  )
  await client.close()
})

test('a request that undici’s proxies throw at fails like any other', async () => {
  const client = createHttpClient({ provider: 'acme', baseUrl: 'http://localhost:1', proxy: 'http://localhost:1' })
  const headers = { 'proxy-authorization': 'Basic canary' }
  expect(await failureOf(client.get('/', { call: call(), headers }))).toBe(
    'internal: acme (localhost:1): the request could not be built (UND_ERR_INVALID_ARG)',
  )
  await client.close()
})

test('the proxies of the environment leave this machine out', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(jsonReply({ ok: true }))
  await using proxy = await startForwardProxy()
  const client = createHttpClient({
    provider: 'acme',
    baseUrl: upstream.origin,
    proxy: { http: `http://127.0.0.1:${proxy.port}` },
  })
  expect(await readJson(await client.get('/', { call: call() }))).toEqual({ ok: true })
  expect(proxy.seen).toEqual([])
  await client.close()
})
