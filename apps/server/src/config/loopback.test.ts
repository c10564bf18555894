import { expect, test } from 'vitest'
import { isLoopback, isOwnAddress } from './loopback.ts'

test.each(['127.0.0.1', '127.255.0.3', '::1', '[::1]', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST', 'app.localhost'])(
  '%s is this machine',
  (host) => {
    expect(isLoopback(host)).toBe(true)
  },
)

test.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '127.1', ''])(
  '%j may be another',
  (host) => {
    expect(isLoopback(host)).toBe(false)
  },
)

test.each<[string, number, boolean]>([
  ['http://127.0.0.1:8787', 8787, true],
  ['http://localhost:8787/v1', 8787, true],
  ['http://[::1]:8787/', 8787, true],
  ['http://127.0.0.1:8788', 8787, false],
  ['http://10.0.0.1:8787', 8787, false],
  ['http://localhost', 0, false],
  ['8787', 8787, false],
])('%s is the address of a server on port %d: %j', (url, port, expected) => {
  expect(isOwnAddress(url, port)).toBe(expected)
})
