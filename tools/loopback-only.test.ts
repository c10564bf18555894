import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'

// tools/test-setup.ts has put it into effect, as in every test file.

test.each(['192.0.2.1', '2001:db8::1', 'example.com', '10.0.0.1'])('a test does not reach %s', async (host) => {
  const [error] = await once(connect({ port: 80, host }), 'error')
  expect(error).toMatchObject({ code: 'ENETUNREACH', message: expect.stringContaining(host) })
})

test('nor does fetch', async () => {
  await expect(fetch('https://192.0.2.1/')).rejects.toMatchObject({ cause: { code: 'ENETUNREACH' } })
})

test('nor does one with a look-up of its own that leads elsewhere', async () => {
  const lookup = (_host: string, _how: object, done: (error: null, address: string, family: number) => void) =>
    done(null, '192.0.2.1', 4)
  const [error] = await once(connect({ port: 80, host: 'service.test', lookup, autoSelectFamily: false }), 'error')
  expect(error).toMatchObject({ code: 'ENETUNREACH' })
})

test('nor does a program that a test starts', () => {
  const script = "fetch('http://192.0.2.1').catch(({ cause }) => console.log(cause.code))"
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('ENETUNREACH\n')
})

test.each(['127.0.0.1', 'localhost'])('servers on %s are reached', async (host) => {
  const server = createServer((_request, response) => response.end('here')).listen(0, host)
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('here')
  } finally {
    server.close()
  }
})
