import { connect } from 'node:net'
import type { Provider } from '@dragoman/core'
import { chatChunks } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { greeter, startTestServer } from './test-server.ts'

/** Says one word, then waits for the gate before it ends. */
function gated() {
  const gate = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const chunks = chatChunks({ text: 'word' })
  const provider: Provider = {
    ...greeter,
    async *chat(_request, { signal }) {
      yield* chunks.slice(0, -1)
      started.resolve()
      await Promise.race([
        gate.promise,
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ])
      yield* chunks.slice(-1)
    },
  }
  return { provider, gate, started }
}

const streamed = { model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true }
const post = (url: string) =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(streamed) }).then((answer) =>
    answer.text(),
  )

test('a stop lets an open stream finish, and takes nothing new', async () => {
  const { provider, gate, started } = gated()
  const server = await startTestServer(provider, { graceMs: 60_000 })
  const open = post(server.url)
  await started.promise
  const stopped = server.stop()
  await expect(post(server.url)).rejects.toThrow()
  gate.resolve()
  expect(await open).toMatch(/\[DONE\]\n\n$/)
  await stopped
})

test('what is still open after the grace is told so, and never looks complete', async () => {
  const { provider, started } = gated()
  const server = await startTestServer(provider, { graceMs: 0 })
  const open = post(server.url)
  await started.promise
  await server.stop()
  const text = await open
  expect(text).toContain('"code":"overloaded"')
  expect(text).not.toContain('[DONE]')
})

test('a stop does not wait for idle connections', async () => {
  const server = await startTestServer(greeter, { graceMs: 60_000 })
  await post(server.url)
  const idle = connect(server.port, '127.0.0.1')
  const closed = new Promise((resolve) => idle.once('close', resolve))
  await new Promise((resolve) => idle.once('connect', resolve))
  await server.stop()
  await closed
})

test('a port that is taken is an error that says so', async () => {
  await using server = await startTestServer()
  const { listen } = await import('./http-server.ts')
  const app = { handle: (() => {}) as never, endRequests: () => {} }
  const options = { host: '127.0.0.1', port: server.port, maxConnections: 1, graceMs: 0 }
  await expect(listen(app, options)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('idle connections make room, the oldest first, and those that are answered stay', async () => {
  const { provider, gate, started } = gated()
  await using server = await startTestServer(provider, { maxConnections: 10, idleGraceMs: 0 })
  const open = post(server.url)
  await started.promise
  const closed: number[] = []
  const madeRoom = Promise.withResolvers<void>()
  const idle = []
  for (let i = 0; i < 30; i++) {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.once('close', () => {
      if (closed.push(i) === 20) madeRoom.resolve()
    })
    await new Promise((resolve) => socket.once('connect', resolve))
    idle.push(socket)
  }
  const health = await fetch(`${server.url}/health`)
  expect(health.status).toBe(200)
  await madeRoom.promise
  expect(closed).toEqual(closed.toSorted((a, b) => a - b))
  gate.resolve()
  expect(await open).toMatch(/\[DONE\]\n\n$/)
  for (const socket of idle) socket.destroy()
})
