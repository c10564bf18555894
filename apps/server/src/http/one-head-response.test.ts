import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { rawRequest } from '../test-server.ts'
import { OneHeadResponse } from './one-head-response.ts'

async function answered(answer: (response: OneHeadResponse) => void) {
  const server = createServer({ ServerResponse: OneHeadResponse }, (_request, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await rawRequest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

test('headers that were set and headers of the head all arrive, the latter where both are given', async () => {
  const { status, headers } = await answered((response) => {
    response.setHeader('x-set', 'a').setHeader('x-both', 'a').setHeader('x-gone', 'a').setHeader('x-list', ['a', 'b'])
    expect([response.getHeader('x-set'), response.hasHeader('x-set'), response.headersSent]).toEqual(['a', true, false])
    response.removeHeader('x-gone')
    response.writeHead(203, { 'x-both': 'b', 'x-own': 'c' }).end()
  })
  expect(status).toBe(203)
  expect(headers).toMatchObject({ 'x-set': 'a', 'x-both': 'b', 'x-own': 'c', 'x-list': 'a, b' })
  expect(headers).not.toHaveProperty('x-gone')
})

test('they arrive also with a head that nobody wrote, or with a reason', async () => {
  expect((await answered((response) => response.setHeader('x-set', 'a').end('x'))).headers['x-set']).toBe('a')
  const reasoned = (response: OneHeadResponse) =>
    response.setHeader('x-set', 'a').writeHead(200, 'Fine', { 'x-own': 'c' }).end()
  expect((await answered(reasoned)).headers).toMatchObject({ 'x-set': 'a', 'x-own': 'c' })
})

test('a value that would begin another header is refused', async () => {
  const { headers } = await answered((response) => {
    response.setHeader('x-set', 'a\r\nx-forged: b')
    expect(() => response.writeHead(200)).toThrow('Invalid character in header content')
    response.removeHeader('x-set')
    response.end()
  })
  expect(headers).not.toHaveProperty('x-forged')
})
