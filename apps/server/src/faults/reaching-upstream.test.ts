import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import {
  blackHole,
  chatChunks,
  closedPort,
  eventStream,
  hangUp,
  leaked,
  type Reply,
  redirect,
  reset,
  selfSigned,
  sse,
  startFakeUpstream,
  verbatim,
  wholeAnswer,
} from '@dragoman/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { lanes, says, startRig, ways } from './test-rig.ts'

test.each(ways)('fault 1: a refused connection costs no time ($lane, $asked)', async ({ lane, stream }) => {
  await using upstream = await startFakeUpstream()
  upstream.script(says('from b'))
  const port = await closedPort()
  await using rig = await startRig({ lane, targets: [`http://127.0.0.1:${port}`, upstream.origin] })
  const answer = await rig.ask({ stream }) // the clock stands still, so nothing waited
  expect(answer).toMatchObject({ status: 200, content: 'from b', error: undefined })
  expect(answer.headers.get('x-gateway-provider')).toBe('b')
  expect(rig.records[0]?.attempts).toMatchObject([
    {
      provider: 'a',
      durationMs: 0,
      error: {
        code: 'upstream_unavailable',
        message: expect.stringMatching(`127\\.0\\.0\\.1:${port}.+the connection was refused \\(ECONNREFUSED\\)`),
      },
    },
    { provider: 'b', upstreamStatus: 200, error: undefined },
  ])
})

test.each(ways)('fault 2: a connect that hangs ends with its limit ($lane, $asked)', async ({ lane, stream }) => {
  await using hole = await blackHole()
  await using upstream = await startFakeUpstream()
  upstream.script(says('from b'))
  const targets = [hole.origin, upstream.origin]
  await using rig = await startRig({
    lane,
    targets,
    limits: { connectMs: 7_000, headersMs: 8_000, firstTokenMs: 9_000 },
  })
  const asked = rig.ask({ stream })
  await rig.clock.armed(7_000)
  await rig.clock.advance(6_999)
  expect(upstream.requests).toHaveLength(0)
  await rig.clock.advance(1)
  expect(await asked).toMatchObject({ status: 200, content: 'from b', error: undefined })
  const [first, second] = rig.records[0]?.attempts ?? []
  expect(first).toMatchObject({ provider: 'a', durationMs: 7_000, error: { code: 'upstream_timeout' } })
  expect(first?.error?.message).toContain('(limits.connectMs)')
  expect(second).toMatchObject({ provider: 'b', durationMs: 0, error: undefined })
})

describe('a certificate that nobody vouches for', () => {
  afterEach(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  })

  test.each([
    ...ways.map((way) => ({ ...way, relaxed: false, told: 'as it is' })),
    ...ways.map((way) => ({ ...way, relaxed: true, told: 'although the environment says not to check' })),
  ])('fault 3: ends the call before the key is sent, $told ($lane, $asked)', async ({ lane, stream, relaxed }) => {
    if (relaxed) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    await using secure = await startSecureUpstream()
    await using rig = await startRig({ lane, targets: [secure.origin], limits: { attempts: 1 } })
    const answer = await rig.ask({ stream })
    expect(answer.status).toBe(502)
    expect(answer.error?.message).toContain(`(127.0.0.1:${secure.port}): its TLS certificate is not valid`)
    expect(rig.trail()).toEqual(['a: upstream_unavailable'])
    expect(secure.requests).toEqual([])
    expect(secure.connections).toHaveLength(1)
    expect(leaked(rig.keys, secure.connections)).toEqual([])
    expect(rig.leaks(answer)).toEqual([])
  })
})

test.each(lanes)(
  'fault 5: upstreams that close kept-alive sockets cost none of 1,000 requests (%s)',
  async (lane) => {
    await using upstream = await startFakeUpstream()
    const events = sse(...chatChunks({ text: 'Hello' }), '[DONE]')
    const whole = [JSON.stringify(wholeAnswer({ text: 'Hello' }))]
    let resets = 0
    upstream.always((request) => {
      if (request.connection.reused) {
        resets++
        return { before: [reset()] }
      }
      // Every other connection ends as soon as its reply is out, unannounced; the others end under their next request.
      const end = request.connection.index % 2 === 0 ? [hangUp()] : []
      if (request.json.stream) return eventStream([...events, ...end])
      return { headers: { 'content-type': 'application/json' }, body: [...whole, ...end] }
    })
    await using rig = await startRig({ lane, targets: [upstream.origin] })
    let started = 0
    const client = async () => {
      while (started < 1_000) {
        const answer = await rig.ask({ stream: started++ % 2 === 0 })
        expect(answer).toMatchObject({ status: 200, content: 'Hello', error: undefined })
      }
    }
    await Promise.all(Array.from({ length: 8 }, client))
    expect(rig.records).toHaveLength(1_000)
    expect(new Set(rig.records.map(({ attempts }) => attempts.length))).toEqual(new Set([1]))
    expect(resets).toBeGreaterThan(100)
  },
  60_000,
)

const beginnings: [string, Reply][] = [
  ['the first byte of the head', verbatim('H', reset())],
  ['the head', { headers: { 'content-type': 'application/json' }, body: [reset()] }],
  ['a part of the body', { headers: { 'content-type': 'application/json' }, body: ['{"id":', reset()] }],
]

test.each(beginnings.flatMap(([what, reply]) => ways.map((way) => ({ ...way, what, reply }))))(
  'fault 5: a request that was answered with $what is not sent again ($lane, $asked)',
  async ({ lane, stream, reply }) => {
    await using upstream = await startFakeUpstream()
    upstream.script(says('first'), reply).always(says('again'))
    await using rig = await startRig({ lane, targets: [upstream.origin], limits: { attempts: 1 } })
    await rig.ask({ stream })
    const answer = await rig.ask({ stream })
    expect(answer).toMatchObject({ status: 502, content: '', error: { code: 'upstream_unavailable' } })
    expect(upstream.requests.map(({ connection }) => connection.reused)).toEqual([false, true])
    expect(rig.trail(1)).toEqual(['a: upstream_unavailable'])
  },
)

const statuses = [307, 302] as const

test.each(statuses.flatMap((status) => ways.map((way) => ({ ...way, status }))))(
  'fault 6: a $status to another origin is not followed ($lane, $asked)',
  async ({ lane, stream, status }) => {
    await using upstream = await startFakeUpstream()
    await using elsewhere = await startFakeUpstream()
    await using other = await startFakeUpstream()
    upstream.script(redirect(status, `${elsewhere.origin}/v1/chat/completions`))
    elsewhere.always(says('from elsewhere'))
    other.script(says('from b'))
    await using rig = await startRig({ lane, targets: [upstream.origin, other.origin] })
    const answer = await rig.ask({ stream })
    expect(answer).toMatchObject({ status: 200, content: 'from b', error: undefined })
    expect(rig.trail()).toEqual(['a: upstream_protocol', 'b: ok'])
    expect(rig.records[0]?.attempts[0]?.error?.message).toContain(
      `answered ${status}: a redirect, which is not followed`,
    )
    expect(elsewhere.connections.accepted).toBe(0)
    // Each service gets its own key and no other.
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${rig.keys.a}`)
    expect(other.requests[0]?.headers.authorization).toBe(`Bearer ${rig.keys.b}`)
  },
)

interface SecureUpstream extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** The requests that came through. */
  readonly requests: readonly unknown[]
  /** All bytes of each connection, as they were on the wire. */
  readonly connections: readonly string[]
}

/** TLS with a certificate that it signed itself, behind a port that keeps what passes. */
async function startSecureUpstream(): Promise<SecureUpstream> {
  const requests: unknown[] = []
  const connections: string[] = []
  const secure = createSecureServer(selfSigned('localhost'), (request, response) => {
    requests.push(request.headers)
    response.end()
  })
  const securePort = await listening(secure)
  const recorder = createServer((client) => {
    const index = connections.push('') - 1
    const behind = connect(securePort, '127.0.0.1')
    client.on('data', (bytes) => {
      connections[index] += bytes.toString('latin1')
    })
    client.pipe(behind).pipe(client)
    client.on('error', () => behind.destroy())
    behind.on('error', () => client.destroy())
  })
  const port = await listening(recorder)
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    requests,
    connections,
    async [Symbol.asyncDispose]() {
      await Promise.all([recorder, secure].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // a TCP server that listens has one
}
