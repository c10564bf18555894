import { getEventListeners } from 'node:events'
import { gzipSync } from 'node:zlib'
import {
  type FakeUpstream,
  gate,
  gzipBomb,
  handClock,
  noReply,
  redirect,
  repeated,
  stall,
  startFakeUpstream,
} from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FetchMediaOptions, fetchMedia } from './index.ts'
import { failureOf } from './test-rig.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const picture = { headers: { 'content-type': 'image/png' }, body: png }

const { signal } = new AbortController()

let upstream: FakeUpstream
beforeEach(async () => {
  upstream = await startFakeUpstream()
})
afterEach(() => upstream.close())

const at = (path: string) => `${upstream.origin}${path}`
const fetched = (path: string, options: Partial<FetchMediaOptions> = {}) =>
  fetchMedia(at(path), { signal, allow: ['127.0.0.1'], ...options })

/** A resolver that gives these answers one after the other, the last one for ever, and counts how often it is asked. */
function resolver(...answers: (readonly string[])[]) {
  const asked: string[] = []
  const lookUp: FetchMediaOptions['lookUp'] = (host, done) => {
    const answer = answers[Math.min(asked.push(host), answers.length) - 1] ?? []
    done(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { asked, lookUp }
}

describe('a file', () => {
  test('comes with its type and a name; nothing but its address is told to its server', async () => {
    upstream.always({ ...picture, headers: { 'set-cookie': 'a=b' } })
    const media = await fetched('/photos/my%20cat?size=2#top')
    expect(media).toEqual({ bytes: png, type: 'image/png', name: 'my_cat.png' })
    const [request] = upstream.requests
    expect(request?.path).toBe('/photos/my%20cat?size=2')
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
    await upstream.idle()
  })

  test('is decompressed', async () => {
    upstream.always({ headers: { 'content-encoding': 'gzip', 'content-type': 'text/csv' }, body: gzipSync('a,b') })
    const { bytes, type, name } = await fetched('/list')
    expect([Buffer.from(bytes).toString(), type, name]).toEqual(['a,b', 'text/csv', 'list.csv'])
  })

  test('is found behind three redirects, with no cookie, no referer and a socket for each', async () => {
    upstream
      .script({ ...redirect(302, '/two?b=2'), headers: { location: '/two?b=2', 'set-cookie': 'session=1; Path=/' } })
      .script({ status: 307, headers: { location: at('/three') }, body: repeated('x') })
      .script(redirect(308, './four.png'))
      .script(picture)
    expect(await fetched('/one')).toMatchObject({ type: 'image/png', name: 'four.png' })
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/one', '/two?b=2', '/three', '/four.png'])
    for (const { headers } of upstream.requests) {
      expect(headers).not.toHaveProperty('cookie')
      expect(headers).not.toHaveProperty('referer')
    }
    await upstream.idle()
  })

  test('is not looked for behind a fourth', async () => {
    upstream.always(redirect(301, '/again'))
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: .* redirects again after 3 redirects$/)
    expect(upstream.requests).toHaveLength(4)
  })
})

describe('a data URL', () => {
  test.each([
    [`data:image/png;base64,${png.toString('base64')}`, { bytes: png, type: 'image/png', name: 'file.png' }],
    [`  DATA:;base64,${png.toString('base64').replace(/.{20}/g, '$&%0A')} `, { bytes: png, type: 'image/png' }],
    [`data:image/gif;base64,${png.toString('base64').replace(/=+$/, '')}`, { bytes: png, type: 'image/png' }],
    ['data:,a%20b%', { bytes: Buffer.from('a b%'), type: 'text/plain', name: 'file.txt' }],
    ['data:text/csv;charset=utf-8,é%C3%A9,1', { bytes: Buffer.from('éé,1'), type: 'text/csv', name: 'file.csv' }],
    ['data:,', { bytes: Buffer.from(''), type: 'text/plain' }],
  ])('%.40s is read', async (url, media) => {
    expect(await fetchMedia(url, { signal })).toMatchObject(media)
  })

  test.each([
    'data:image/png;base64',
    'data:image/png;base64,a*b=',
    'data:;base64,abcde',
    `data:${'x'.repeat(2000)},a`,
  ])('%.40s cannot be decoded', async (url) => {
    expect(await failureOf(fetchMedia(url, { signal }))).toBe('invalid_request: The data URL cannot be decoded')
  })

  test.each([
    ['base64', `data:;base64,${Buffer.alloc(1001).toString('base64')}`],
    ['percent', `data:,${'%00'.repeat(1001)}`],
    ['more than it could ever be', `data:,${'x'.repeat(10_000)}`],
  ])('is bounded in size: %s', async (_what, url) => {
    expect(await failureOf(fetchMedia(url, { signal, maxBytes: 1000 }))).toBe(
      'invalid_request: The data URL is larger than 1000 bytes',
    )
  })
})

describe('an address inside', () => {
  const refusal = /^invalid_request: .* is not on the public internet, and is not listed in outbound\.allow$/

  test.each([
    'http://127.0.0.1/',
    'http://169.254.169.254/latest/meta-data/iam',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://100.100.100.200/latest/meta-data/',
    'http://168.63.129.16/machine',
    'http://192.0.0.192/opc/v2/',
    'https://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[ff02::1]/',
    'http://[2001:db8::1]/',
  ])('fault 51: %s is not fetched from, and nobody is asked for it', async (url) => {
    const { asked, lookUp } = resolver(['127.0.0.1'])
    expect(await failureOf(fetchMedia(url, { signal, lookUp }))).toMatch(refusal)
    expect(asked).toEqual([])
  })

  test('fault 51: a server inside sees no connection, by address, by name or by redirect', async () => {
    const { lookUp } = resolver(['127.0.0.1'])
    const inside = await startFakeUpstream()
    upstream.always(redirect(302, `${inside.origin}/secret`))
    const failures = [
      await failureOf(fetchMedia(`${inside.origin}/`, { signal })),
      await failureOf(fetchMedia(`http://localhost:${inside.port}/`, { signal })),
      await failureOf(fetchMedia(`http://harmless.example:${inside.port}/`, { signal, lookUp })),
      await failureOf(fetchMedia(`http://a.example:${upstream.port}/`, { signal, lookUp, allow: ['a.example'] })),
    ]
    for (const failure of failures) expect(failure).toMatch(refusal)
    expect(inside.connections.accepted).toBe(0)
    expect(upstream.requests).toHaveLength(1)
    await inside.close()
  })

  test('fault 51: the param of the request is named, and neither path nor query of the URL', async () => {
    const failing = fetchMedia('http://10.0.0.1/private?token=s3cret', { signal, param: 'messages[0].content[1]' })
    await expect(failing).rejects.toMatchObject({
      param: 'messages[0].content[1]',
      status: 400,
      message: expect.not.stringMatching(/private|s3cret/),
    })
  })

  test.each([
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '0',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.1',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '127。0。0。1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'anything.localhost',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::127.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
  ])('fault 63: %s is this machine in another spelling, and no connection is made', async (host) => {
    const { lookUp } = resolver(['127.0.0.1'])
    expect(await failureOf(fetchMedia(`http://${host}:${upstream.port}/`, { signal, lookUp }))).toMatch(refusal)
    expect(upstream.connections.accepted).toBe(0)
  })

  test.each(['[::1%25lo]', '[fe80::1%eth0]', '127.0.0.1%00.example.com', '127.0.0.256', 'a b'])(
    'fault 63: %s is no host',
    async (host) => {
      expect(await failureOf(fetchMedia(`http://${host}:${upstream.port}/`, { signal }))).toBe(
        'invalid_request: Expected a URL with http:, https: or data:',
      )
    },
  )

  test.each([['::1'], ['::ffff:127.0.0.1'], ['fe80::1%lo'], ['64:ff9b::7f00:1'], ['93.184.216.34', '127.0.0.1']])(
    'fault 63: a name that leads to %s is refused',
    async (...addresses) => {
      const { lookUp } = resolver(addresses)
      expect(await failureOf(fetchMedia(`http://a.example:${upstream.port}/`, { signal, lookUp }))).toMatch(refusal)
      expect(upstream.connections.accepted).toBe(0)
    },
  )

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['a network', '127.0.0.0/8'],
    ['a name', 'Files.Example.', 'files.example'],
    ['the address of a name', '127.0.0.1', 'files.example'],
  ])('fault 63: what the operator lists is fetched from: %s', async (_what, entry, host = '127.0.0.1') => {
    upstream.always(picture)
    const { lookUp } = resolver(['127.0.0.1'])
    const allow = ['10.0.0.0/8', entry]
    expect(await fetchMedia(`http://${host}:${upstream.port}/`, { signal, allow, lookUp })).toMatchObject({
      bytes: png,
    })
    expect(upstream.requests).toHaveLength(1)
  })

  test.each([
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '[2606:2800:220:1::1]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::808:808]',
    '[fd12::1]', // listed below
    '[::ffff:10.1.2.3]', // listed below
  ])('fault 63: %s is not refused', async (host) => {
    const allow = ['10.1.0.0/16', 'fd12::/16']
    // Tests reach no network: that it is tried is what shows.
    expect(await failureOf(fetchMedia(`http://${host}/`, { signal, allow }))).toMatch(/the network cannot be reached/)
  })

  test.each(['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/x', '::/129'])('%s in the list is a mistake', async (entry) => {
    await expect(fetched('/', { allow: [entry] })).rejects.toMatchObject({ code: 'invalid_request', param: 'allow' })
  })
})

describe('a name', () => {
  test('fault 4: is looked up once for each connection, and that address is the one connected to', async () => {
    upstream.always(picture)
    const { asked, lookUp } = resolver(['127.0.0.1'], ['0.0.0.0'])
    const url = `http://a.example:${upstream.port}/`
    await fetchMedia(url, { signal, lookUp, allow: ['127.0.0.1'] })
    expect(asked).toEqual(['a.example'])
    expect(upstream.requests[0]?.headers.host).toBe(`a.example:${upstream.port}`)
  })

  test('fault 4: that leads elsewhere the second time is refused the second time', async () => {
    upstream.always(redirect(302, '/again'))
    // The listed address stands for a public one, which tests cannot reach; the other one leads to the server as well.
    const { asked, lookUp } = resolver(['127.0.0.1'], ['0.0.0.0'])
    const url = `http://a.example:${upstream.port}/`
    expect(await failureOf(fetchMedia(url, { signal, lookUp, allow: ['127.0.0.1'] }))).toMatch(/not on the public/)
    expect(asked).toHaveLength(2)
    expect(upstream.connections.accepted).toBe(1)
  })

  test('fault 4: that nobody knows is the request’s mistake', async () => {
    const { lookUp } = resolver([])
    const unknown = fetchMedia('http://a.example/?key=s3cret', { signal, lookUp })
    expect(await failureOf(unknown)).toBe('invalid_request: The file (a.example): the connection failed')
    const failing: FetchMediaOptions['lookUp'] = (_host, done) =>
      done(Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' }), [])
    expect(await failureOf(fetchMedia('http://a.example/', { signal, lookUp: failing }))).toBe(
      'invalid_request: The file (a.example): the host name is not known (ENOTFOUND)',
    )
  })
})

describe('what is refused besides', () => {
  test.each(['ftp://a.example/', 'file:///etc/passwd', 'blob:http://a/b', 'javascript:1', 'unix:/run/x'])(
    'the scheme of %s',
    async (url) => {
      expect(await failureOf(fetchMedia(url, { signal }))).toBe(
        'unsupported_value: The URL has to be http:, https: or data:',
      )
    },
  )

  test('a name or password in the URL, and in that of a redirect', async () => {
    const given = fetchMedia(`http://user:pa55@127.0.0.1:${upstream.port}/`, { signal, allow: ['127.0.0.1'] })
    expect(await failureOf(given)).toBe('invalid_request: The URL must not hold a name or password')
    expect(upstream.connections.accepted).toBe(0)
    upstream.always(redirect(302, `http://:pa55@127.0.0.1:${upstream.port}/`))
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: The redirect of \S+ must not hold a name/)
  })

  test('a redirect to another scheme, or to nothing', async () => {
    upstream.script(redirect(302, 'file:///etc/passwd'), redirect(302, 'http://'), { status: 302 })
    expect(await failureOf(fetched('/'))).toMatch(/^unsupported_value: The redirect of \S+ has to be http:, https:/)
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: The redirect of \S+ is not a URL/)
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: \S+ answered 302 instead of a file/)
  })

  test.each([403, 404, 500])('the status %s', async (status) => {
    upstream.always({ ...picture, status })
    expect(await failureOf(fetched('/a?k=s3cret'))).toBe(
      `invalid_request: 127.0.0.1:${upstream.port} answered ${status} instead of a file`,
    )
  })

  test('a file of no bytes', async () => {
    upstream.always({ ...picture, body: '' })
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: The file at \S+ is empty$/)
  })

  test('a type that is not taken, whatever the header says', async () => {
    upstream.always({ headers: { 'content-type': 'image/png' }, body: '<!doctype html><title>Sign in</title>' })
    expect(await failureOf(fetched('/a.png', { types: ['image/*', 'application/pdf'] }))).toBe(
      'unsupported_value: The file is text/html, and only image/*, application/pdf is taken here',
    )
    expect(await fetched('/a.png', { types: ['text/html'] })).toMatchObject({ type: 'text/html', name: 'a.png.html' })
  })

  test('a server that refuses the connection, or breaks off', async () => {
    const gone = await startFakeUpstream()
    await gone.close()
    expect(await failureOf(fetchMedia(`${gone.origin}/`, { signal, allow: ['127.0.0.1'] }))).toMatch(
      /^invalid_request: The file \(\S+\): the connection was refused/,
    )
    upstream.always({ headers: { 'content-length': '100' }, body: ['half', { type: 'cut' }] })
    expect(await failureOf(fetched('/'))).toMatch(/^invalid_request: /)
  })
})

describe('a body', () => {
  const tooLarge = /^invalid_request: The file at \S+ is larger than 1 MiB$/
  const maxBytes = 1024 * 1024

  test('that says it is too large is not read', async () => {
    upstream.always({ headers: { 'content-length': String(maxBytes + 1) }, body: ['x', stall()] })
    expect(await failureOf(fetched('/', { maxBytes }))).toMatch(tooLarge)
    expect(await upstream.requests[0]?.closed).toBe('aborted')
  })

  test('without an end is left at the limit', async () => {
    upstream.always({ body: repeated(new Uint8Array(64 * 1024)) })
    expect(await failureOf(fetched('/', { maxBytes }))).toMatch(tooLarge)
    expect(await upstream.requests[0]?.closed).toBe('aborted')
  })

  test('of exactly the limit is taken', async () => {
    upstream.always({ body: new Uint8Array(maxBytes) })
    expect((await fetched('/', { maxBytes })).bytes).toHaveLength(maxBytes)
  })

  test('that explodes as it is decompressed is left at the limit', async () => {
    upstream.always({ headers: { 'content-encoding': 'gzip' }, body: gzipBomb(10e9) })
    expect(await failureOf(fetched('/', { maxBytes }))).toMatch(tooLarge)
    expect(await upstream.requests[0]?.closed).toBe('aborted')
    expect(upstream.requests[0]?.sent).toBeLessThan(20 * maxBytes)
  })

  test('that comes slowly, byte by byte, is left when its time is over', async () => {
    const clock = handClock()
    const second = gate()
    upstream.always({ body: ['a', second, 'b', stall()] })
    const failure = failureOf(fetched('/slow?k=s3cret', { clock, timeoutMs: 15_000 }))
    await second.reached
    await clock.advance(14_000)
    second.open()
    await clock.advance(999)
    await clock.advance(1)
    expect(await failure).toBe(`invalid_request: 127.0.0.1:${upstream.port} did not send the file within 15 s`)
    expect(await upstream.requests[0]?.closed).toBe('aborted')
    expect(clock.pending).toBe(0)
  })

  test('the time is one for all redirects', async () => {
    const clock = handClock()
    const held = gate()
    upstream.script({ ...redirect(302, '/next'), before: [held] }, noReply())
    const failure = failureOf(fetched('/', { clock, timeoutMs: 1000 }))
    await held.reached
    await clock.advance(900)
    held.open()
    await upstream.received(2)
    await clock.advance(100)
    expect(await failure).toMatch(/did not send the file within 1 s$/)
  })
})

describe('whoever leaves', () => {
  test('is not listened to any more once it is over, however it ended', async () => {
    const { signal } = new AbortController()
    upstream.script(redirect(302, '/a'), picture, { ...picture, status: 404 })
    await fetched('/', { signal })
    await failureOf(fetched('/', { signal }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('ends it at once, in the body', async () => {
    const leaving = new AbortController()
    const held = gate()
    upstream.always({ body: ['a', held] })
    const failure = failureOf(fetched('/', { signal: leaving.signal }))
    await held.reached
    leaving.abort()
    expect(await failure).toMatch(/^aborted: /)
    expect(await upstream.requests[0]?.closed).toBe('aborted')
  })

  test('ends it while a name is looked up, and before it begins', async () => {
    const leaving = new AbortController()
    const lookUp = () => leaving.abort()
    expect(await failureOf(fetchMedia('http://a.example/', { signal: leaving.signal, lookUp }))).toMatch(/^aborted: /)
    expect(await failureOf(fetchMedia('data:,x', { signal: leaving.signal }))).toMatch(/^aborted: /)
  })
})
